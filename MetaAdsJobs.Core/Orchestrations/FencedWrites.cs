using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>
/// One statement of an attempt: the audit of what it has changed at Meta; the orchestration's row, as long as the attempt holds it (that is the
/// fence); and what hangs on that.
/// </summary>
internal sealed class FencedSql
{
    private FencedSql(ClaimTable table, string set, string? only, string? before, string? also, string tell, bool extends, bool locksFirst)
    {
        (Extends, LocksFirst) = (extends, locksFirst);
        Text = $"""
            {(locksFirst ? $"SELECT 1 FROM {table.Name} WHERE {table.Held} FOR NO KEY UPDATE;" : "")}
            WITH {ChangeLog.Cte},{(before is null ? "" : $"\n{before},")}
            fence AS (
                UPDATE {table.Name} SET {set}
                WHERE {table.Held}{(only is null ? "" : $" AND {only}")}
                RETURNING {table.Fenced}){(also is null ? "" : $",\n{also}")}
            SELECT {tell} FROM fence
            """;
    }

    public string Text { get; }

    /// <summary>True when it extends the lease, for nothing extra.</summary>
    public bool Extends { get; }

    /// <summary>
    /// True when it reads what another statement of the same attempt may just be committing, since its connection broke: a statement reads as of its
    /// own begin, so the row is waited for by one before.
    /// </summary>
    public bool LocksFirst { get; }

    /// <summary>The attempt goes on.</summary>
    /// <param name="set">What else changes in the row.</param>
    /// <param name="only">In which state of the row.</param>
    /// <param name="before">A CTE for <paramref name="also"/>.</param>
    /// <param name="also">CTEs that follow <c>fence</c>.</param>
    /// <param name="tell">What is selected if the row was written.</param>
    /// <param name="locksFirst"><see cref="LocksFirst"/>.</param>
    /// <param name="of">What the attempt is of: a run when absent.</param>
    public static FencedSql Holds(string set, string? only = null, string? before = null, string? also = null, string tell = "cancel_requested", bool locksFirst = false, ClaimTable? of = null) =>
        new(of ?? ClaimTable.Orchestrations, $"lease_until = clock_timestamp() + @Lease, {set}", only, before, also, tell, extends: true, locksFirst);

    /// <summary>The attempt's last write.</summary>
    public static FencedSql Ends(string set, string? only = null, string? also = null, string tell = "cancel_requested") =>
        new(ClaimTable.Orchestrations, $"lease_until = NULL, {set}", only, null, also, tell, extends: false, locksFirst: false);
}

/// <summary>A statement of an attempt, be it of a run or of an edit.</summary>
internal sealed class FencedSqlOfBoth(Func<ClaimTable, FencedSql> of)
{
    private readonly FencedSql _ofRun = of(ClaimTable.Orchestrations);
    private readonly FencedSql _ofEdit = of(ClaimTable.Edits);

    public FencedSql Of(Attempt attempt) => attempt.EditId is null ? _ofRun : _ofEdit;
}

/// <summary>
/// The one way in which an attempt writes about its orchestration. Another that has taken over is kept out; what was changed at Meta is recorded
/// even so. <see cref="FencedSql"/>'s @Now, @Lease, @SettleDelay and all of the attempt are given.
/// </summary>
internal sealed class FencedWrites(NpgsqlDataSource dataSource, OrchestrationOptions options, TimeProvider time)
{
    /// <returns>What the statement tells.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration, or it is no longer in the state that the statement wants.</exception>
    public async Task<T> WriteAsync<T>(Attempt attempt, FencedSql sql, object more, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (isWritten, told) = await TryWriteAsync<T>(attempt, sql, more, connection, null, ct);
        return isWritten ? told! : throw new FencedException("a write was refused");
    }

    public Task WriteAsync(Attempt attempt, FencedSql sql, object more, CancellationToken ct) => WriteAsync<bool>(attempt, sql, more, ct);

    /// <returns>False when it was refused.</returns>
    public async Task<bool> TryWriteAsync(Attempt attempt, FencedSql sql, object more, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await TryWriteAsync<bool>(attempt, sql, more, connection, null, ct)).IsWritten;
    }

    /// <summary>As part of the caller's transaction: only its commit makes the audit written.</summary>
    public async Task<(bool IsWritten, T? Told)> TryWriteAsync<T>(Attempt attempt, FencedSql sql, object more, NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        var before = time.GetTimestamp();
        var changes = attempt.Credential.Changes.Open();
        var parameters = new DynamicParameters(more);
        parameters.AddDynamicParams(new { attempt.RequestId, attempt.EditId, Attempt = attempt.Number, AccountId = attempt.Account.Id, attempt.AskedBy, Now = time.GetUtcNow(), options.Lease, options.SettleDelay });
        parameters.AddDynamicParams(changes);
        var told = await QueryAsync<T>(connection, sql, new(sql.Text, parameters, transaction, cancellationToken: ct));
        if (transaction is null) attempt.Credential.Changes.Written(changes);
        if (told.Count == 1 && sql.Extends) attempt.Lease.Extended(before);
        return told.Count == 1 ? (true, told[0]) : (false, default);
    }

    private static async Task<List<T>> QueryAsync<T>(NpgsqlConnection connection, FencedSql sql, CommandDefinition command)
    {
        if (!sql.LocksFirst) return (await connection.QueryAsync<T>(command)).AsList();
        // One implicit transaction.
        await using var answers = await connection.QueryMultipleAsync(command);
        await answers.ReadAsync<int>();
        return (await answers.ReadAsync<T>()).AsList();
    }
}
