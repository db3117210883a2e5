using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>Audiences that an ad account has at Meta: people by a list or by what they did, and targetings that somebody kept.</summary>
public enum AudienceKind
{
    Custom,
    Saved,
}

/// <summary>One of them.</summary>
/// <param name="Subtype">Of a custom one: CUSTOM, WEBSITE, LOOKALIKE, ENGAGEMENT and others of Meta's.</param>
/// <param name="PeopleMin">Meta's rough count; null where it tells none.</param>
/// <param name="NotUsable">Why ads cannot be shown to it now, in Meta's words; null when they can.</param>
/// <param name="Targeting">Of a saved one.</param>
internal sealed record MetaAudience(string Id, string Name, string? Subtype, long? PeopleMin, long? PeopleMax, string? NotUsable, JsonObject? Targeting);

/// <summary>Lists the audiences of an ad account, whose limit at Meta is one of their own. Throws <see cref="MetaException"/>.</summary>
internal sealed class MetaAudiences(GraphClient graph)
{
    private const string Counts = "approximate_count_lower_bound,approximate_count_upper_bound";

    // Meta's codes of delivery_status; what is below them delivers. Source: its reference of custom audiences (a copy of September 2026).
    private const long TooSmall = 300;

    /// <param name="cursor">Meta's, of the page before; null for the first.</param>
    /// <returns>A page, and where the next begins; null behind the last.</returns>
    public async Task<(IReadOnlyList<MetaAudience> Audiences, string? Next)> ListAsync(GraphCredential credential, AudienceKind kind, int limit, string? cursor, CancellationToken ct)
    {
        var (edge, fields) = kind == AudienceKind.Custom ? ("customaudiences", $"id,name,subtype,{Counts},delivery_status,operation_status") : ("saved_audiences", $"id,name,{Counts},targeting");
        var page = await graph.SendAsync(
            HttpMethod.Get, $"{credential.AdAccountId}/{edge}", new GraphFields().Add("fields", fields).Add("limit", limit).Add("after", cursor), credential.For(UseCase.CustomAudience), ct);
        return ([.. GraphPage.Items(page).Select(Read).OfType<MetaAudience>()], GraphPage.Next(page));
    }

    private static MetaAudience? Read(JsonElement item) => GraphText.Of(item, "id") is not { } id ? null : new(
        id, GraphText.Of(item, "name") ?? id, GraphText.Of(item, "subtype"), Count(item, "approximate_count_lower_bound"), Count(item, "approximate_count_upper_bound"), NotUsable(item),
        item.TryGetProperty("targeting", out var targeting) && targeting.ValueKind == JsonValueKind.Object ? JsonObject.Create(targeting.Clone()) : null);

    // -1 where Meta does not say.
    private static long? Count(JsonElement item, string name) =>
        long.TryParse(GraphText.Of(item, name), NumberStyles.None, CultureInfo.InvariantCulture, out var people) ? people : null;

    private static string? NotUsable(JsonElement item) =>
        item.TryGetProperty("delivery_status", out var status) && long.TryParse(GraphText.Of(status, "code"), NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code >= TooSmall
            ? GraphText.Of(status, "description") ?? $"Meta's delivery status {code}" : null;
}
