using Dapper;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Which accounts a body gives to a user or a key.</summary>
/// <param name="Accounts">Null: not told.</param>
internal sealed record GivenAccess(bool? AllAccounts, IReadOnlyList<Grant>? Accounts, IReadOnlyList<Grant>? Groups)
{
    private const int MostGrants = 5000;

    public static GivenAccess Read(JsonFields fields)
    {
        var (all, accounts, groups) = (fields.Flag("all_accounts"), ReadList(fields, "accounts"), ReadList(fields, "groups"));
        if (all == true && (accounts is { Count: > 0 } || groups is { Count: > 0 })) fields.Refuse("all_accounts", "must be false, or left out, where accounts or groups are given");
        return new(all, accounts, groups);
    }

    private static List<Grant>? ReadList(JsonFields fields, string name) => fields.List(name, MostGrants, (item, path) =>
    {
        var one = new JsonFields(item, fields.Errors, path);
        var (id, maySpend) = (one.Id("id", required: true), one.Flag("may_spend"));
        one.RefuseUnknown();
        return id is { } known ? new Grant(known, maySpend == true) : null;
    })?.DistinctBy(grant => grant.Id).ToList();
}

/// <summary>Rows of access_grants; all of it is part of a transaction of its caller's.</summary>
internal static class GrantStore
{
    /// <summary>Two columns each of ids and of whether they may be spent in, for a holder.</summary>
    public static string Columns(string holder) => $"""
        ARRAY(SELECT g.social_account_id FROM access_grants g WHERE g.holder = {holder} AND g.social_account_id IS NOT NULL ORDER BY 1) AS account_ids,
        ARRAY(SELECT g.social_account_id FROM access_grants g WHERE g.holder = {holder} AND g.social_account_id IS NOT NULL AND g.may_spend) AS account_spends,
        ARRAY(SELECT g.group_id FROM access_grants g WHERE g.holder = {holder} AND g.group_id IS NOT NULL ORDER BY 1) AS group_ids,
        ARRAY(SELECT g.group_id FROM access_grants g WHERE g.holder = {holder} AND g.group_id IS NOT NULL AND g.may_spend) AS group_spends
        """;

    public static IReadOnlyList<Grant> Of(Guid[] ids, Guid[] spends) => [.. ids.Select(id => new Grant(id, spends.Contains(id)))];

    /// <summary>Refuses what is not there, by its place in the body.</summary>
    public static async Task CheckAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, GivenAccess access, FieldErrors errors, CancellationToken ct)
    {
        const string KnownSql = """
            SELECT id FROM social_accounts WHERE id = ANY (@Accounts);
            SELECT id FROM account_groups WHERE id = ANY (@Groups) FOR KEY SHARE;
            """;
        await using var read = await connection.QueryMultipleAsync(new(KnownSql, new { Accounts = Ids(access.Accounts), Groups = Ids(access.Groups) }, transaction, cancellationToken: ct));
        var (accounts, groups) = ((await read.ReadAsync<Guid>()).ToHashSet(), (await read.ReadAsync<Guid>()).ToHashSet());
        foreach (var (index, grant) in (access.Accounts ?? []).Index().Where(one => !accounts.Contains(one.Item.Id))) errors.Add($"accounts[{index}].id", $"there is no social account {grant.Id}");
        foreach (var (index, grant) in (access.Groups ?? []).Index().Where(one => !groups.Contains(one.Item.Id))) errors.Add($"groups[{index}].id", $"there is no account group {grant.Id}");
    }

    public static Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid holder, IReadOnlyList<Grant> accounts, IReadOnlyList<Grant> groups, CancellationToken ct)
    {
        const string WriteSql = """
            DELETE FROM access_grants WHERE holder = @Holder;
            INSERT INTO access_grants (holder, social_account_id, may_spend) SELECT @Holder, a.id, a.may_spend FROM unnest(@Accounts, @AccountSpends) a (id, may_spend);
            INSERT INTO access_grants (holder, group_id, may_spend) SELECT @Holder, g.id, g.may_spend FROM unnest(@Groups, @GroupSpends) g (id, may_spend);
            """;
        return connection.ExecuteAsync(new(WriteSql, new
        {
            Holder = holder, Accounts = Ids(accounts), AccountSpends = accounts.Select(grant => grant.MaySpend).ToArray(), Groups = Ids(groups), GroupSpends = groups.Select(grant => grant.MaySpend).ToArray(),
        }, transaction, cancellationToken: ct));
    }

    private static Guid[] Ids(IReadOnlyList<Grant>? grants) => [.. (grants ?? []).Select(grant => grant.Id)];
}

/// <summary>What goes on by itself in the name of somebody who may do less now, part of the transaction that takes it: it ends, or asks first.</summary>
internal static class InTheirName
{
    /// <param name="userIds">As they are now; of those who have lost nothing all goes on.</param>
    public static async Task EndOfUsersAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<Guid> userIds, DateTimeOffset now, CancellationToken ct)
    {
        await WebhooksOfUsers.SwitchOffAsync(connection, transaction, userIds, now, ct);
        await BatchesOfUsers.PauseAsync(connection, transaction, userIds, now, ct);
        await PoolsOfUsers.AskAsync(connection, transaction, userIds, now, ct);
    }

    public static async Task EndOfKeyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid keyId, DateTimeOffset now, CancellationToken ct)
    {
        await WebhooksOfUsers.SwitchOffOfKeyAsync(connection, transaction, keyId, now, ct);
        await BatchesOfUsers.PauseOfKeyAsync(connection, transaction, keyId, now, ct);
        await PoolsOfUsers.AskOfKeyAsync(connection, transaction, keyId, now, ct);
    }
}
