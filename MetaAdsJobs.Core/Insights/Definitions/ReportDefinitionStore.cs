using Dapper;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Definitions;

/// <summary>Rows of report_definitions. They do not change; an ended one keeps its rows.</summary>
public sealed class ReportDefinitionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    public const int MostOfAccount = 10;

    private const string Columns = "id, social_account_id, name, level, fields, breakdowns, attribution_windows, created_at";

    /// <summary>The live ones, in the order of their creation.</summary>
    public async Task<IReadOnlyList<ReportDefinition>> ListAsync(Guid socialAccountId, CancellationToken ct)
    {
        const string ListSql = $"SELECT {Columns} FROM report_definitions WHERE social_account_id = @AccountId AND ended_at IS NULL ORDER BY id";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ReportDefinition>(new(ListSql, new { AccountId = socialAccountId }, cancellationToken: ct))).AsList();
    }

    /// <summary>The live one of this name.</summary>
    public async Task<ReportDefinition?> FindAsync(Guid socialAccountId, string name, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM report_definitions WHERE social_account_id = @AccountId AND name = @Name AND ended_at IS NULL";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ReportDefinition>(new(FindSql, new { AccountId = socialAccountId, Name = name }, cancellationToken: ct));
    }

    /// <summary>The live one of this name, else the one that was ended last: its rows can still be read.</summary>
    public async Task<ReportDefinition?> FindLastAsync(Guid socialAccountId, string name, CancellationToken ct)
    {
        const string FindSql = $"""
            SELECT {Columns} FROM report_definitions WHERE social_account_id = @AccountId AND name = @Name
            ORDER BY ended_at DESC NULLS FIRST, id DESC LIMIT 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ReportDefinition>(new(FindSql, new { AccountId = socialAccountId, Name = name }, cancellationToken: ct));
    }

    /// <param name="draft">Its id and time are given here.</param>
    public async Task<ReportDefined> InsertAsync(ReportDefinition draft, CancellationToken ct)
    {
        // Two at once would both count nine: the account's row lets them pass one after the other.
        const string LockSql = "SELECT count(*) FROM (SELECT 1 FROM social_accounts WHERE id = @SocialAccountId FOR NO KEY UPDATE) AS account";
        const string CountSql = "SELECT count(*) FROM report_definitions WHERE social_account_id = @SocialAccountId AND ended_at IS NULL";
        const string InsertSql = $"""
            INSERT INTO report_definitions (social_account_id, name, level, fields, breakdowns, attribution_windows, created_at)
            VALUES (@SocialAccountId, @Name, @Level, @Fields, @Breakdowns, @AttributionWindows, @Now)
            ON CONFLICT (social_account_id, name) WHERE ended_at IS NULL DO NOTHING
            RETURNING {Columns}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var account = new { draft.SocialAccountId };
        if (await connection.ExecuteScalarAsync<long>(new(LockSql, account, transaction, cancellationToken: ct)) == 0) return new ReportDefined.UnknownAccount();
        var count = await connection.ExecuteScalarAsync<long>(new(CountSql, account, transaction, cancellationToken: ct));
        var definition = await connection.QuerySingleOrDefaultAsync<ReportDefinition>(new(InsertSql, new
        {
            draft.SocialAccountId, draft.Name, draft.Level, Fields = draft.Fields.ToArray(), Breakdowns = draft.Breakdowns.ToArray(),
            AttributionWindows = draft.AttributionWindows.ToArray(), Now = time.GetUtcNow(),
        }, transaction, cancellationToken: ct));
        if (definition is null) return new ReportDefined.NameTaken(draft.Name);
        if (count >= MostOfAccount) return new ReportDefined.TooMany(MostOfAccount);
        await ActLog.WriteAsync(connection, transaction, new("report", definition.Name, definition.Name, "made", definition.SocialAccountId,
            ActLog.Differences(null, new { definition.Level, definition.Fields, definition.Breakdowns, definition.AttributionWindows })), time.GetUtcNow(), ct);
        await transaction.CommitAsync(ct);
        return new ReportDefined.Done(definition);
    }

    /// <returns>False when there is no live one of this name.</returns>
    public async Task<bool> EndAsync(Guid socialAccountId, string name, CancellationToken ct)
    {
        var endSql = $"""
            WITH ended AS (UPDATE report_definitions SET ended_at = @Now WHERE social_account_id = @AccountId AND name = @Name AND ended_at IS NULL RETURNING id),
            act AS ({ActLog.InsertFrom("ended")})
            SELECT count(*) FROM ended
            """;
        var now = time.GetUtcNow();
        var act = new Act("report", name, name, "ended", socialAccountId, ActLog.Differences(new { EndedAt = (DateTimeOffset?)null }, new { EndedAt = (DateTimeOffset?)now }));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(endSql, ActLog.With(new { AccountId = socialAccountId, Name = name, Now = now }, act, now), cancellationToken: ct)) == 1;
    }
}
