using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Pools;

/// <summary>Makes, changes and takes away pools. The last proposal is void once its pool is another one, unless it has begun or is over: the pool is looked at anew.</summary>
public sealed class SaveBudgetPool
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly BudgetPoolStore _store;
    private readonly AccountStore _accounts;
    private readonly TimeProvider _time;

    internal SaveBudgetPool(NpgsqlDataSource dataSource, BudgetPoolStore store, AccountStore accounts, TimeProvider time) => (_dataSource, _store, _accounts, _time) = (dataSource, store, accounts, time);

    public async Task<PoolOutcome<BudgetPool>> CreateAsync(JsonElement body, string by, CancellationToken ct)
    {
        var (pool, errors) = await ReadAsync(body, current: null, by, ct);
        if (pool is null) return new PoolOutcome<BudgetPool>.Invalid(errors);
        pool = pool with { Id = Guid.CreateVersion7(pool.CreatedAt) };
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var maker = await Maker.HoldAsync(connection, transaction, ct);
        try
        {
            if (await BudgetPoolStore.InsertAsync(connection, transaction, pool, ct))
            {
                await ActLog.WriteAsync(connection, transaction, ActOf(null, pool, "made"), _time.GetUtcNow(), ct);
                await LookAgainAsync(connection, transaction, maker, ct);
                await transaction.CommitAsync(ct);
                return new PoolOutcome<BudgetPool>.Done(pool);
            }
        }
        catch (PostgresException exception) when (IsTaken(exception))
        {
            return Taken(errors);
        }

        errors.Add("$", $"there are {BudgetPoolStore.MostOfOne} pools of yours, or {BudgetPoolStore.Most} in all, and there can be no more: take one away first");
        return new PoolOutcome<BudgetPool>.Invalid(errors);
    }

    public Task<PoolOutcome<BudgetPool>> ChangeAsync(Guid id, JsonElement body, string by, CancellationToken ct) => ChangeAsync(id, body, by, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the pool, as it is now, is the one that the change was made for.</param>
    public async Task<PoolOutcome<BudgetPool>> ChangeAsync(Guid id, JsonElement body, string by, Func<BudgetPool, bool> isSeen, CancellationToken ct)
    {
        if (await _store.FindAsync(id, ct) is not { } seen) return new PoolOutcome<BudgetPool>.Unknown();
        var (read, wrong) = await ReadAsync(body, seen, by, ct);
        if (read is null) return new PoolOutcome<BudgetPool>.Invalid(wrong);
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var maker = await Maker.HoldAsync(connection, transaction, ct);
        if (await BudgetPoolStore.HoldAsync(connection, transaction, id, ct) is not { } current) return new PoolOutcome<BudgetPool>.Unknown();
        if (!isSeen(current)) return new PoolOutcome<BudgetPool>.Outdated();
        // Others may have changed other fields since.
        var errors = new FieldErrors();
        if (BudgetPoolValidation.Read(new(body, errors), current, by, _time.GetUtcNow()) is not { } pool) return new PoolOutcome<BudgetPool>.Invalid(errors);
        var isReshaped = !pool.HasMembersOf(current);
        if (isReshaped && await IsUnderWayAsync(connection, transaction, id, ct)) return new PoolOutcome<BudgetPool>.Refused("A proposal of it is being carried out: change its members once that is over.");
        try
        {
            var forgotten = await BudgetPoolStore.UpdateAsync(connection, transaction, pool, current, ct);
            await ActLog.WriteAsync(connection, transaction, ActOf(current, pool, "changed", forgotten), _time.GetUtcNow(), ct);
        }
        catch (PostgresException exception) when (IsTaken(exception))
        {
            return Taken(errors);
        }

        if (isReshaped || (pool.Mode, pool.MaxStepPercent, pool.LeastGainPercent) != (current.Mode, current.MaxStepPercent, current.LeastGainPercent)) await VoidAsync(connection, transaction, [id], "the pool was changed", _time.GetUtcNow(), ct);
        await LookAgainAsync(connection, transaction, maker, ct);
        var saved = await BudgetPoolStore.HoldAsync(connection, transaction, id, ct);
        await transaction.CommitAsync(ct);
        return new PoolOutcome<BudgetPool>.Done(saved!);
    }

    /// <summary>Takes it away with all that it has proposed. What it changed stays as it is, and its edits tell of it.</summary>
    public async Task<PoolOutcome<BudgetPool>> DeleteAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await BudgetPoolStore.HoldAsync(connection, transaction, id, ct) is not { } pool) return new PoolOutcome<BudgetPool>.Unknown();
        if (await IsUnderWayAsync(connection, transaction, id, ct)) return new PoolOutcome<BudgetPool>.Refused("A proposal of it is being carried out: what was taken from one is still to be given to another.");
        await connection.ExecuteAsync(new("DELETE FROM budget_pools WHERE id = @Id", new { Id = id }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, ActOf(pool, pool, "removed"), _time.GetUtcNow(), ct);
        await transaction.CommitAsync(ct);
        return new PoolOutcome<BudgetPool>.Done(pool);
    }

    private Task LookAgainAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Maker maker, CancellationToken ct) => maker.LookAgainAsync(
        users => PoolsOfUsers.AskAsync(connection, transaction, users, _time.GetUtcNow(), ct), key => PoolsOfUsers.AskOfKeyAsync(connection, transaction, key, _time.GetUtcNow(), ct));

    /// <param name="forgotten">What it owed to members that it no longer has.</param>
    private static Act ActOf(BudgetPool? before, BudgetPool pool, string action, long? forgotten = null)
    {
        static object? Told(BudgetPool? pool, long? owed) => pool is null ? null : new { pool.Name, pool.Level, pool.Mode, pool.MaxStepPercent, pool.LeastGainPercent, pool.Members, OwedCents = owed };
        return new("budget pool", $"{pool.Id}", pool.Name, action, pool.SocialAccountId, ActLog.Differences(Told(before, forgotten), action == "removed" ? null : Told(pool, null)));
    }

    /// <summary>A body as a pool; nothing is written.</summary>
    internal async Task<(BudgetPool? Pool, FieldErrors Errors)> ReadAsync(JsonElement body, BudgetPool? current, string by, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var pool = BudgetPoolValidation.Read(new(body, errors), current, by, _time.GetUtcNow());
        if (pool is not null) await CheckAsync(pool, errors, ct);
        return (errors.Any ? null : pool, errors);
    }

    private async Task CheckAsync(BudgetPool pool, FieldErrors errors, CancellationToken ct)
    {
        // What is of accounts that whoever asks does not see is as if there were none, whatever it is in.
        var membersSql = $"""
            SELECT k.id, o.account_id, o.has_budget, m.pool_id
            FROM unnest(@Ids) WITH ORDINALITY AS k (id, nth) LEFT JOIN LATERAL (
                SELECT c.social_account_id AS account_id, num_nonnulls(c.daily_budget, c.lifetime_budget) > 0 AS has_budget FROM meta_campaigns c WHERE @Level = 'campaign' AND c.meta_id = k.id{AccountScope.And("c.social_account_id")}
                UNION ALL
                SELECT c.social_account_id, num_nonnulls(s.daily_budget, s.lifetime_budget) > 0 FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE @Level = 'adset' AND s.meta_id = k.id{AccountScope.And("c.social_account_id")}) o ON true
            LEFT JOIN budget_pool_members m ON m.meta_id = k.id AND o.account_id IS NOT NULL ORDER BY k.nth
            """;
        if (await _accounts.FindAsync(pool.SocialAccountId, ct) is not { } account)
        {
            errors.Add("social_account_id", $"there is no social account {pool.SocialAccountId}");
            return;
        }

        if (account.NothingBegins is { } nothing) errors.Add("social_account_id", nothing);
        var word = pool.Level == BudgetPool.AdSets ? "ad set" : "campaign";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var found = (await connection.QueryAsync<(string Id, Guid? AccountId, bool? HasBudget, Guid? PoolId)>(new(membersSql, new { Ids = pool.Members.Select(member => member.MetaId).ToArray(), pool.Level, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
        for (var i = 0; i < found.Count; i++)
        {
            var (id, of, hasBudget, otherPool) = found[i];
            if (of is null) errors.Add($"members[{i}].id", $"there is no {word} {id} that was made or adopted here");
            else if (of != account.Id) errors.Add($"members[{i}].id", $"the {word} {id} is of another account: money is divided within one");
            else if (hasBudget == false) errors.Add($"members[{i}].id", pool.Level == BudgetPool.AdSets ? "its budget is its campaign's: make a pool of campaigns" : "its budgets are its ad sets': make a pool of those");
            if (otherPool is not null && otherPool != pool.Id) errors.Add($"members[{i}].id", $"the {word} {id} is of another pool");
            foreach (var (name, cents) in ((string, long?)[])[("min_cents", pool.Members[i].MinCents), ("max_cents", pool.Members[i].MaxCents)])
                if (cents is { } amount && Currency.FromHundredths(account.Currency, amount) is null) errors.Add($"members[{i}].{name}", $"must be a multiple of 100: {account.Currency} has no smaller unit at Meta, and the field counts hundredths");
        }
    }

    private static Task<bool> IsUnderWayAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken ct) => connection.ExecuteScalarAsync<bool>(new(
        "SELECT EXISTS (SELECT 1 FROM budget_proposals WHERE pool_id = @Id AND state = 'accepted' AND begun_at IS NOT NULL)", new { Id = id }, transaction, cancellationToken: ct));

    /// <summary>The last proposals of these pools, but what has begun.</summary>
    internal static Task<int> VoidAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid[] ids, string why, DateTimeOffset now, CancellationToken ct) => connection.ExecuteAsync(new("""
        UPDATE budget_proposals q SET state = 'void', state_why = @Why, completed_at = @Now
        WHERE pool_id = ANY (@Ids) AND state IN ('none', 'shown', 'asked', 'accepted') AND (begun_at IS NULL OR begun_at < @Now - @Beginning) AND day = (SELECT max(day) FROM budget_proposals l WHERE l.pool_id = q.pool_id)
            AND NOT EXISTS (SELECT 1 FROM budget_moves m WHERE m.proposal_id = q.id AND m.edit_id IS NOT NULL)
        """, new { Ids = ids, Why = why, Now = now, CarryOutProposals.Beginning }, transaction, cancellationToken: ct));

    private static bool IsTaken(PostgresException exception) => exception.SqlState == PostgresErrorCodes.UniqueViolation && exception.TableName == "budget_pool_members";

    private static PoolOutcome<BudgetPool>.Invalid Taken(FieldErrors errors)
    {
        errors.Add("members", "one of them has just become a member of another pool");
        return new(errors);
    }
}
