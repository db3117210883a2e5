using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta;

/// <summary>An ad account that a token reaches.</summary>
/// <param name="Id">act_ and digits.</param>
/// <param name="Status">Meta's account_status: 1 is one that may advertise.</param>
internal sealed record ReachedAccount(string Id, string Name, string? Currency, string? TimezoneName, long? Status);

/// <summary>A page, a pixel or an Instagram account that a token reaches.</summary>
internal sealed record ReachedAsset(string Id, string Name);

/// <summary>
/// Lists what a token reaches. Only what is asked for by name is told: a list of pages holds a token of each page unless its fields are named. Throws <see cref="MetaException"/>.
/// Source: the edges adaccounts and accounts of a user, adspixels and instagram_accounts of an ad account, in Meta's own SDKs.
/// </summary>
internal sealed class MetaAssets(GraphClient graph)
{
    /// <summary>More than these are not read of one list.</summary>
    public const int Most = 1000;
    private const int Rows = 100;
    private const int FewestRows = 10;

    public Task<(IReadOnlyList<ReachedAccount> Found, bool More)> ListAdAccountsAsync(GraphCredential credential, CancellationToken ct) =>
        ListAsync(credential, "me/adaccounts", "account_id,name,currency,timezone_name,account_status", item => GraphText.Of(item, "account_id") is not { } id ? null : new ReachedAccount(
            $"act_{id}", GraphText.Of(item, "name") ?? id, GraphText.Of(item, "currency"), GraphText.Of(item, "timezone_name"),
            long.TryParse(GraphText.Of(item, "account_status"), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null), ct);

    public Task<(IReadOnlyList<ReachedAsset> Found, bool More)> ListPagesAsync(GraphCredential credential, CancellationToken ct) => ListAsync(credential, "me/accounts", "id,name", Named("name"), ct);

    public Task<(IReadOnlyList<ReachedAsset> Found, bool More)> ListPixelsAsync(GraphCredential credential, CancellationToken ct) => ListAsync(credential, $"{credential.AdAccountId}/adspixels", "id,name", Named("name"), ct);

    public Task<(IReadOnlyList<ReachedAsset> Found, bool More)> ListInstagramAsync(GraphCredential credential, CancellationToken ct) =>
        ListAsync(credential, $"{credential.AdAccountId}/instagram_accounts", "id,username", Named("username"), ct);

    private static Func<JsonElement, ReachedAsset?> Named(string name) => item => GraphText.Of(item, "id") is { } id ? new(id, GraphText.Of(item, name) ?? id) : null;

    private async Task<(IReadOnlyList<T> Found, bool More)> ListAsync<T>(GraphCredential credential, string edge, string fields, Func<JsonElement, T?> read, CancellationToken ct) where T : class
    {
        var found = new List<T>();
        await foreach (var item in graph.ListAsync(credential, edge, () => new GraphFields().Add("fields", fields), Rows, FewestRows, ct))
        {
            if (found.Count == Most) return (found, true);
            if (read(item) is { } one) found.Add(one);
        }

        return (found, false);
    }
}
