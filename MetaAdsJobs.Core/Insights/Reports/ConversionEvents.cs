using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>The pixel's event each ad set of ours is optimised for, where the request named one: Meta's reports do not tell it.</summary>
internal sealed class ConversionEvents(NpgsqlDataSource dataSource)
{
    /// <returns>By the ad set's id at Meta.</returns>
    public async Task<IReadOnlyDictionary<string, string>> ListAsync(Guid accountId, CancellationToken ct)
    {
        const string EventsSql = """
            SELECT s.meta_id, o.request ->> 'conversion_event' AS event
            FROM orchestrations o JOIN meta_adsets s ON s.request_id = o.request_id
            WHERE o.social_account_id = @AccountId AND o.request ->> 'conversion_event' IS NOT NULL AND NOT o.request ? 'ad_sets'
            UNION ALL
            SELECT s.meta_id, one.event
            FROM orchestrations o JOIN meta_adsets s ON s.request_id = o.request_id
            CROSS JOIN LATERAL (SELECT o.request #>> ARRAY['ad_sets', (COALESCE(NULLIF(split_part(s.step, ':', 2), ''), '1')::int - 1)::text, 'conversion_event'] AS event) one
            WHERE o.social_account_id = @AccountId AND o.request ? 'ad_sets' AND one.event IS NOT NULL
            UNION ALL
            SELECT s.meta_id, s.given ->> 'conversion_event' FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id
            WHERE c.social_account_id = @AccountId AND s.given ->> 'conversion_event' IS NOT NULL
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(string AdSet, string Event)>(new(EventsSql, new { AccountId = accountId }, cancellationToken: ct))).ToDictionary(one => one.AdSet, one => one.Event);
    }
}
