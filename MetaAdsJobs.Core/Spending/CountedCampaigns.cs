using Dapper;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// Looks whether what counts against an account's cap still spends: people pause, archive and delete campaigns by hand. Only done when
/// the cap stands in somebody's way.
/// </summary>
internal sealed class CountedCampaigns(NpgsqlDataSource dataSource, Spenders spenders, MetaAds meta, TimeProvider time)
{
    private const int AtOnce = 25;

    /// <returns>True when there is more room than before.</returns>
    public async Task<bool> RefreshAsync(Guid accountId, GraphCredential credential, CancellationToken ct)
    {
        // Those not looked at for longest, and none that a call under way may activate yet; looking counts as a change, so that the next call looks at others.
        const string TakeSql = """
            UPDATE activations v SET changed_at = @Now
            FROM (SELECT request_id FROM activations WHERE social_account_id = @AccountId AND state = 'active' AND changed_at < @Before AND (busy_until IS NULL OR busy_until < clock_timestamp()) ORDER BY changed_at LIMIT @AtOnce FOR UPDATE SKIP LOCKED) old
            WHERE v.request_id = old.request_id AND v.state = 'active'
            RETURNING v.request_id, (SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step = 'campaign') AS campaign_id
            """;
        const string FoundSql = "UPDATE activations SET state = @State WHERE request_id = @RequestId AND state = 'active' AND changed_at = @Now";
        var now = time.GetUtcNow();
        List<(Guid RequestId, string? CampaignId)> counted;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            counted = (await connection.QueryAsync<(Guid, string?)>(new(TakeSql,
                new { AccountId = accountId, AtOnce, Now = now, Before = now.AddMinutes(-5) }, cancellationToken: ct))).AsList();
        }

        var freed = false;
        foreach (var (requestId, campaignId) in counted.Where(one => one.CampaignId is not null))
        {
            string? state;
            try
            {
                state = await meta.ReadSwitchAsync(credential, campaignId!, ct) switch
                {
                    "PAUSED" => "idle",
                    "DELETED" or "ARCHIVED" => "ended",
                    _ => null,
                };
                spenders.IsShown(campaignId!);
            }
            catch (MetaException exception) when (exception.Proof is Proof.OutcomeUnknown or Proof.Rejected)
            {
                // Not known: it counts on, until Meta has called it missing for long. Of what a failed run has left no comparison tells.
                if (exception.IsShown) spenders.IsShown(campaignId!);
                if (!exception.IsCalledMissing || !await spenders.IsGoneAsync(requestId, campaignId!, ct)) continue;
                state = "ended";
            }

            if (state is null) continue;
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            freed |= await connection.ExecuteAsync(new(FoundSql, new { State = state, RequestId = requestId, Now = now }, cancellationToken: ct)) == 1;
        }

        return freed;
    }
}
