using Dapper;
using MetaAdsJobs.Core.Meta;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Meta counts management calls and reports apart, each per ad account.</summary>
internal enum UseCase
{
    AdsManagement,
    AdsInsights,
}

/// <summary>What Meta told one worker about an account's limits, for all workers to obey.</summary>
internal sealed class AccountPacing(NpgsqlDataSource dataSource, TimeProvider time)
{
    private static readonly TimeSpan DefaultPause = TimeSpan.FromMinutes(1);

    /// <summary>Keeps every process away from the account for as long as Meta asked, a minute when it did not say.</summary>
    public async Task<DateTimeOffset> BlockAsync(string adAccountId, UseCase useCase, MetaException throttled, CancellationToken ct)
    {
        const string BlockSql = """
            INSERT INTO account_pacing (ad_account_id, use_case, blocked_until, reason, updated_at)
            VALUES (@AdAccountId, @UseCase, @Until, @Reason, @Now)
            ON CONFLICT (ad_account_id, use_case) DO UPDATE SET
                blocked_until = GREATEST(account_pacing.blocked_until, EXCLUDED.blocked_until), reason = EXCLUDED.reason, updated_at = EXCLUDED.updated_at
            RETURNING blocked_until
            """;
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<DateTimeOffset>(new(BlockSql, new
        {
            AdAccountId = adAccountId, UseCase = NameOf(useCase), Until = now + (throttled.RetryAfter ?? DefaultPause), Reason = throttled.ForUser, Now = now,
        }, cancellationToken: ct));
    }

    public static string NameOf(UseCase useCase) => useCase == UseCase.AdsManagement ? "ads_management" : "ads_insights";
}
