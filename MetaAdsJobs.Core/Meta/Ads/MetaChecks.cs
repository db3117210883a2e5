using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Creatives;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>An ad account as Meta has it.</summary>
/// <param name="NotActive">Why it cannot advertise; null when it can.</param>
/// <param name="MinDailyBudget">In Meta's units of the currency; null when Meta tells none.</param>
internal sealed record AdAccountState(string? NotActive, string? Currency, string? TimezoneName, long? MinDailyBudget);

/// <summary>
/// What Meta would say to a create, without creating anything. Every POST from here carries Meta's option that forbids it to
/// create, so it may be repeated. Every method throws <see cref="MetaException"/>; Rejected is Meta's verdict.
/// </summary>
internal sealed class MetaChecks(GraphClient graph)
{
    public Task CheckAsync(GraphCredential credential, CampaignSpec spec, CancellationToken ct) => CheckAsync(credential, "campaigns", spec.ToFields(), ct);

    public Task CheckAsync(GraphCredential credential, AdSetSpec spec, CancellationToken ct) => CheckAsync(credential, "adsets", spec.ToFields(), ct);

    public Task CheckAsync(GraphCredential credential, CreativeSpec spec, CancellationToken ct) => CheckAsync(credential, "adcreatives", spec.ToFields(), ct);

    public Task CheckAsync(GraphCredential credential, AdSpec spec, CancellationToken ct) => CheckAsync(credential, "ads", spec.ToFields(), ct);

    public async Task<AdAccountState> ReadAccountAsync(GraphCredential credential, CancellationToken ct)
    {
        var fields = new GraphFields().Add("fields", "account_status,currency,timezone_name,min_daily_budget");
        var account = await graph.SendAsync(HttpMethod.Get, credential.AdAccountId, fields, credential, ct);
        return new(
            NotActive(GraphText.Of(account, "account_status")), GraphText.Of(account, "currency"), GraphText.Of(account, "timezone_name"),
            long.TryParse(GraphText.Of(account, "min_daily_budget"), NumberStyles.None, CultureInfo.InvariantCulture, out var units) && units > 0 ? units : null);
    }

    // The one way out of here: a check that forgot the option would be a create.
    private async Task CheckAsync(GraphCredential credential, string edge, GraphFields fields, CancellationToken ct)
    {
        var answer = await graph.SendAsync(HttpMethod.Post, $"{credential.AdAccountId}/{edge}", fields.OnlyCheck(), credential, ct);
        if (GraphText.Of(answer, "id") is { } id)
            throw new MetaException(Proof.Rejected, $"Meta was only asked to check and answered with an id: it may have created {id}, look for it in Ads Manager");
    }

    // Meta's numbers. In its grace period an account still advertises.
    private static string? NotActive(string? status) => status switch
    {
        null or "1" or "9" or "201" => null,
        "2" => "disabled",
        "3" => "unsettled",
        "7" => "waiting for Meta's risk review",
        "8" => "waiting for a settlement",
        "100" => "about to be closed",
        "101" or "202" => "closed",
        _ => $"in status {status}",
    };
}
