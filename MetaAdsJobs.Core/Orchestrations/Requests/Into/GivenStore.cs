using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Requests.Into;

/// <summary>Finds what a request names that is there already.</summary>
internal sealed class GivenStore(NpgsqlDataSource dataSource, CampaignTrees trees)
{
    private const string Adopt = "adopt it first: POST /meta/accounts/{account's id}/campaigns/{campaign's id at Meta}/adopt";

    public static bool IsNamed(JsonElement body) => Names(body, Given.CampaignPath) || Names(body, Given.AdSetPath);

    /// <summary>Of the body as it was sent, whatever has become of what it names since: the order of its fields makes no other.</summary>
    public static byte[] HashOf(JsonElement body) => SHA256.HashData(Encoding.UTF8.GetBytes(Sorted(body)?.ToJsonString() ?? ""));

    /// <returns>Null when it cannot be told what is meant; why is in the errors.</returns>
    public async Task<Given?> FindAsync(JsonElement body, FieldErrors errors, CancellationToken ct)
    {
        var fields = new JsonFields(body, errors);
        var (campaignId, adSetId) = (fields.Text(Given.CampaignPath, max: 100), fields.Text(Given.AdSetPath, max: 100));
        if (errors.Any) return null;
        var path = adSetId is null ? Given.CampaignPath : Given.AdSetPath;
        var tree = await FindTreeAsync(campaignId ?? adSetId!, ct);
        if (campaignId is not null && tree?.Campaign.MetaId != campaignId) errors.Add(Given.CampaignPath, $"is no campaign that is known here; {Adopt}");
        else if (adSetId is not null && tree?.AdSets.Any(one => one.MetaId == adSetId) != true)
            errors.Add(Given.AdSetPath, campaignId is null ? $"is no ad set that is known here. Of its campaign: {Adopt}" : $"is no ad set of the campaign {campaignId} that is known here. If it was made since, adopt the campaign once more");
        else if (new JsonFields(body, new()).Id("social_account_id") is { } accountId && accountId != tree!.AccountId) errors.Add(path, $"is of another account, {tree.AccountId}");
        if (errors.Any) return null;
        var given = await ReadAsync(tree!, adSetId, ct);
        if (given.Refusal is not var (where, why)) return given;
        errors.Add(where, why);
        return null;
    }

    private async Task<CampaignTree?> FindTreeAsync(string metaId, CancellationToken ct) =>
        await trees.FindOwnerAsync(metaId, ct) is { } requestId ? (await trees.ListBudgetsAsync([requestId], ct)).SingleOrDefault() : null;

    private async Task<Given> ReadAsync(CampaignTree tree, string? adSetId, CancellationToken ct)
    {
        const string ReadSql = """
            SELECT c.objective, c.bid_strategy, s.step, s.given::text, o.request::text FROM meta_campaigns c
            LEFT JOIN meta_adsets s ON s.campaign_db_id = c.id AND s.meta_id = @AdSetId LEFT JOIN orchestrations o ON o.request_id = s.request_id
            WHERE c.request_id = @RequestId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (objective, strategy, step, found, request) = await connection.QuerySingleAsync<(string, string?, string?, string?, string?)>(new(ReadSql, new { tree.RequestId, AdSetId = adSetId }, cancellationToken: ct));
        if (adSetId is null) return new(tree, objective, strategy, null, null);
        var adSet = found is not null ? JsonSerializer.Deserialize<AdSetRequest>(found, OrchestrationRequest.Json)!
            : AdSetRequest.Of(new TreeShape(OrchestrationRequest.FromJson(request!)).AdSetOf(step!).Request, null, []);
        return new(tree, objective, strategy, adSet with { Name = Marker.Split(tree.AdSets.First(one => one.MetaId == adSetId).Name).Readable }, adSetId);
    }

    private static bool Names(JsonElement body, string name) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    private static JsonNode? Sorted(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(element.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Name, Sorted(field.Value)))),
        JsonValueKind.Array => new JsonArray([.. element.EnumerateArray().Select(Sorted)]),
        _ => JsonNode.Parse(element.GetRawText()),
    };
}
