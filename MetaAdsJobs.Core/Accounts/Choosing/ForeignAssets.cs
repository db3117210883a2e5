using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Accounts.Choosing;

/// <summary>
/// Pages, pixels and Instagram accounts that a body names. Where one token is for many clients Meta takes those of all: what only accounts use which the caller does not look into is refused here. Of audiences,
/// forms, and posts by their own ids alone no table of ours tells whose they are.
/// </summary>
internal static class ForeignAssets
{
    private const string Refusal = "is that of an account in which you may not spend: whoever sees all accounts may set it";
    private const string Page = "page_id";
    private const string Post = "post_id";
    private static readonly HashSet<string> OfAccounts = [Page, "pixel_id", "instagram_user_id"];

    /// <param name="there">What the object has already: leaving it is no choice of the caller's.</param>
    public static async Task CheckAsync(AccountStore accounts, JsonElement body, JsonElement? there, FieldErrors errors, CancellationToken ct)
    {
        var foreign = await ListAsync(accounts, [body], ct);
        if (foreign.Count > 0 && there is { } has) foreign = foreign.Except(Named(has, "").Select(one => one.Asset)).ToHashSet();
        Tell(body, foreign, errors);
    }

    /// <summary>Those of all these bodies, by one question.</summary>
    public static async Task<IReadOnlySet<(string Field, string Id)>> ListAsync(AccountStore accounts, IEnumerable<JsonElement> bodies, CancellationToken ct) =>
        await accounts.ListForeignAsync(AccountScope.IsAll ? [] : [.. bodies.SelectMany(body => Named(body, "")).Select(one => one.Asset).Distinct()], ct);

    public static void Tell(JsonElement body, IReadOnlySet<(string Field, string Id)> foreign, FieldErrors errors)
    {
        if (foreign.Count == 0) return;
        foreach (var (path, asset) in Named(body, ""))
            if (foreign.Contains(asset)) errors.AddOnce(path, Refusal);
    }

    private static IEnumerable<(string Path, (string Field, string Id) Asset)> Named(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in element.EnumerateObject())
            {
                var at = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
                if (AssetOf(field) is { } asset) yield return (at, asset);
                foreach (var inner in Named(field.Value, at)) yield return inner;
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var (index, item) in element.EnumerateArray().Index())
                foreach (var inner in Named(item, $"{path}[{index}]")) yield return inner;
        }
    }

    // What is none is refused where it is judged.
    private static bool IsId(string id) => id.All(char.IsAsciiLetterOrDigit);

    // A post is named by its own id, or by its page's, an underscore, and its own.
    private static (string Field, string Id)? AssetOf(JsonProperty field)
    {
        if ((field.Name != Post && !OfAccounts.Contains(field.Name)) || field.Value.ValueKind != JsonValueKind.String || JsonFields.TryGetString(field.Value) is not { } id) return null;
        if (field.Name == Post && id.IndexOf('_', StringComparison.Ordinal) is var end) return end > 0 && IsId(id[..end]) ? (Page, id[..end]) : null;
        return IsId(id) ? (field.Name, id) : null;
    }
}
