using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Groups of accounts. Who has a group has what is in it at the moment.</summary>
public sealed class AccountGroups(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int MostAccounts = 5000;

    // All of them are listed at once.
    private const int Most = 2000;

    private const string ReadSql = """
        SELECT g.id, g.name, g.created_at, ARRAY(SELECT m.social_account_id FROM account_group_members m WHERE m.group_id = g.id ORDER BY 1) AS account_ids FROM account_groups g
        """;

    /// <returns>By name.</returns>
    public async Task<IReadOnlyList<AccountGroup>> ListAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new($"{ReadSql} ORDER BY lower(g.name), g.id", cancellationToken: ct))).Select(row => row.ToGroup())];
    }

    public async Task<AccountGroup?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE g.id = @Id", new { Id = id }, cancellationToken: ct)))?.ToGroup();
    }

    public Task<PeopleSaved<AccountGroup>> SaveAsync(Guid? id, JsonElement body, CancellationToken ct) => SaveAsync(id, body, isSeen: _ => true, ct);

    /// <param name="id">Null: a new one. Else what is absent stays.</param>
    /// <param name="isSeen">Whether the group, as it is now, is the one that the change was made for.</param>
    public async Task<PeopleSaved<AccountGroup>> SaveAsync(Guid? id, JsonElement body, Func<AccountGroup, bool> isSeen, CancellationToken ct)
    {
        const string WriteSql = """
            INSERT INTO account_groups (id, name, created_at) VALUES (@Id, @Name, @Now) ON CONFLICT (id) DO UPDATE SET name = excluded.name;
            DELETE FROM account_group_members WHERE group_id = @Id AND social_account_id <> ALL (@Accounts);
            INSERT INTO account_group_members (group_id, social_account_id) SELECT @Id, a FROM unnest(@Accounts) a ON CONFLICT DO NOTHING
            """;
        const string KnownSql = "SELECT id FROM social_accounts WHERE id = ANY (@Ids)";
        var (errors, now) = (new FieldErrors(), time.GetUtcNow());
        var fields = new JsonFields(body, errors);
        var name = fields.Text("name", required: id is null, max: 100);
        var asked = fields.List("account_ids", MostAccounts, (item, path) => fields.TextOf(item, path, 36) is { } text ? Guid.TryParseExact(text, "D", out _) ? text : Refused(errors, path) : null);
        fields.RefuseUnknown();
        if (errors.Any) return new PeopleSaved<AccountGroup>.Invalid(errors);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Those who have it before the group itself: whoever gives them groups holds them first, too.
        if (id is not null && asked is not null) await HoldHoldersAsync(connection, transaction, id.Value, ct);
        // Held before it is read: what a statement has waited for it shows of the row itself, and not of its members.
        if (id is not null) await connection.ExecuteAsync(new("SELECT 1 FROM account_groups WHERE id = @Id FOR UPDATE", new { Id = id }, transaction, cancellationToken: ct));
        var before = id is null ? null : (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE g.id = @Id", new { Id = id }, transaction, cancellationToken: ct)))?.ToGroup();
        if (id is not null && before is null) return new PeopleSaved<AccountGroup>.Unknown();
        if (before is not null && !isSeen(before)) return new PeopleSaved<AccountGroup>.Outdated();
        if (id is null && await connection.ExecuteScalarAsync<long>(new("SELECT count(*) FROM account_groups", null, transaction, cancellationToken: ct)) >= Most) return new PeopleSaved<AccountGroup>.Refused($"There are {Most} groups, and there can be no more: remove one first.");
        var accounts = asked?.Select(Guid.Parse).Distinct().ToArray() ?? [.. before?.AccountIds ?? []];
        var known = (await connection.QueryAsync<Guid>(new(KnownSql, new { Ids = accounts }, transaction, cancellationToken: ct))).ToHashSet();
        foreach (var (index, account) in accounts.Index().Where(one => !known.Contains(one.Item))) errors.Add($"account_ids[{index}]", $"there is no social account {account}");
        if (errors.Any) return new PeopleSaved<AccountGroup>.Invalid(errors);
        var groupId = id ?? Guid.CreateVersion7(now);
        try
        {
            await connection.ExecuteAsync(new(WriteSql, new { Id = groupId, Name = name ?? before!.Name, Accounts = accounts, Now = now }, transaction, cancellationToken: ct));
        }
        catch (PostgresException taken) when (taken.ConstraintName == "account_groups_name")
        {
            return new PeopleSaved<AccountGroup>.Refused($"There is a group {name} already.");
        }

        var after = (await connection.QuerySingleAsync<Row>(new($"{ReadSql} WHERE g.id = @Id", new { Id = groupId }, transaction, cancellationToken: ct))).ToGroup();
        var changes = ActLog.Differences(before is null ? null : Told(before), Told(after));
        if (changes.Count > 0) await ActLog.WriteAsync(connection, transaction, new Act("account group", $"{groupId}", after.Name, before is null ? "made" : "changed", null, changes), now, ct);
        if (before?.AccountIds.Except(after.AccountIds).Any() == true) await InTheirName.EndOfUsersAsync(connection, transaction, await HoldHoldersAsync(connection, transaction, groupId, ct), now, ct);
        await transaction.CommitAsync(ct);
        return new PeopleSaved<AccountGroup>.Done(after);
    }

    /// <summary>Takes it away from all who have it; its accounts stay.</summary>
    public async Task<bool> DeleteAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (holders, now) = (await HoldHoldersAsync(connection, transaction, id, ct), time.GetUtcNow());
        if ((await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE g.id = @Id FOR UPDATE OF g", new { Id = id }, transaction, cancellationToken: ct)))?.ToGroup() is not { } before) return false;
        await connection.ExecuteAsync(new("DELETE FROM account_groups WHERE id = @Id", new { Id = id }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, new Act("account group", $"{id}", before.Name, "removed", null, ActLog.Differences(Told(before), null)), now, ct);
        await InTheirName.EndOfUsersAsync(connection, transaction, holders, now, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    // Users: keys make no difference, their users' webhooks are their users'. Held, as whoever makes something in their name holds them (Access.Maker).
    private static async Task<IReadOnlyCollection<Guid>> HoldHoldersAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid groupId, CancellationToken ct) =>
        (await connection.QueryAsync<Guid>(new("SELECT u.id FROM access_grants g JOIN users u ON u.id = g.holder WHERE g.group_id = @GroupId ORDER BY u.id FOR NO KEY UPDATE OF u", new { GroupId = groupId }, transaction, cancellationToken: ct))).AsList();

    private static object Told(AccountGroup group) => new { group.Name, group.AccountIds };

    private static string? Refused(FieldErrors errors, string path)
    {
        errors.Add(path, "must be a UUID");
        return null;
    }

    private sealed record Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public Guid[] AccountIds { get; init; } = [];

        public AccountGroup ToGroup() => new() { Id = Id, Name = Name, CreatedAt = CreatedAt, AccountIds = AccountIds };
    }
}
