using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>What became of a wish to write something of people.</summary>
public abstract record PeopleSaved<T>
{
    private PeopleSaved() { }

    /// <param name="Secret">Of a new key or link, shown this once.</param>
    public sealed record Done(T Value, string? Secret = null) : PeopleSaved<T>;

    public sealed record Invalid(FieldErrors Errors) : PeopleSaved<T>;

    public sealed record Unknown : PeopleSaved<T>;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : PeopleSaved<T>;

    public sealed record Refused(string Reason) : PeopleSaved<T>;
}

/// <summary>Makes and changes users. A change of what somebody may do ends that person's sessions; keys go on with what is left.</summary>
public sealed class SaveUser(NpgsqlDataSource dataSource, UserStore store, TimeProvider time)
{
    private const int LongestMail = 200;

    public async Task<PeopleSaved<User>> CreateAsync(JsonElement body, string by, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO users (id, name, mail, role, all_accounts, created_by, created_at, updated_at) VALUES (@Id, @Name, @Mail, @Role, @AllAccounts, @By, @Now, @Now) ON CONFLICT DO NOTHING
            """;
        var (errors, now) = (new FieldErrors(), time.GetUtcNow());
        var fields = new JsonFields(body, errors);
        var (name, mail, role, access) = (fields.Text("name", required: true, max: 200), ReadMail(fields), ReadRole(fields, required: true), GivenAccess.Read(fields));
        fields.RefuseUnknown();
        if (errors.Any) return new PeopleSaved<User>.Invalid(errors);
        var id = Guid.CreateVersion7(now);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await GrantStore.CheckAsync(connection, transaction, access, errors, ct);
        if (errors.Any) return new PeopleSaved<User>.Invalid(errors);
        if (await connection.ExecuteAsync(new(InsertSql, new { Id = id, Name = name, Mail = mail, Role = role, AllAccounts = access.AllAccounts == true, By = by, Now = now }, transaction, cancellationToken: ct)) == 0)
            return new PeopleSaved<User>.Refused($"There is a user {mail} already; PATCH changes it.");
        await GrantStore.WriteAsync(connection, transaction, id, access.Accounts ?? [], access.Groups ?? [], ct);
        var made = (await UserStore.HoldAsync(connection, transaction, id, ct))!;
        await ActLog.WriteAsync(connection, transaction, new Act("user", $"{id}", made.Mail, "made", null, ActLog.Differences(null, Told(made))), now, ct);
        await transaction.CommitAsync(ct);
        return new PeopleSaved<User>.Done(made);
    }

    public Task<PeopleSaved<User>> ChangeAsync(Guid id, JsonElement body, CancellationToken ct) => ChangeAsync(id, body, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the user, as it is now, is the one that the change was made for.</param>
    public async Task<PeopleSaved<User>> ChangeAsync(Guid id, JsonElement body, Func<User, bool> isSeen, CancellationToken ct)
    {
        const string UpdateSql = """
            UPDATE users SET name = @Name, role = @Role, all_accounts = @AllAccounts, disabled_at = CASE WHEN @Disabled THEN COALESCE(disabled_at, @Now) END,
                updated_at = GREATEST(@Now, updated_at + interval '1 microsecond')
            WHERE id = @Id
            """;
        var (errors, now) = (new FieldErrors(), time.GetUtcNow());
        var fields = new JsonFields(body, errors);
        var (name, role, disabled, access) = (fields.Text("name", max: 200), ReadRole(fields, required: false), fields.Flag("disabled"), GivenAccess.Read(fields));
        fields.RefuseUnknown();
        if (errors.Any) return new PeopleSaved<User>.Invalid(errors);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await UserStore.HoldAsync(connection, transaction, id, ct) is not { } before) return new PeopleSaved<User>.Unknown();
        if (!isSeen(before)) return new PeopleSaved<User>.Outdated();
        await GrantStore.CheckAsync(connection, transaction, access, errors, ct);
        // Who is given accounts no longer has all of them, unless that is said.
        var all = access.AllAccounts ?? (access is { Accounts: null, Groups: null } && before.AllAccounts);
        var (accounts, groups) = all ? ([], []) : (access.Accounts ?? before.Accounts, access.Groups ?? before.Groups);
        if (errors.Any) return new PeopleSaved<User>.Invalid(errors);
        await connection.ExecuteAsync(new(UpdateSql, new { Id = id, Name = name ?? before.Name, Role = role ?? before.Role, AllAccounts = all, Disabled = disabled ?? before.DisabledAt is not null, Now = now }, transaction, cancellationToken: ct));
        await GrantStore.WriteAsync(connection, transaction, id, accounts, groups, ct);
        var after = (await UserStore.HoldAsync(connection, transaction, id, ct))!;
        var changes = ActLog.Differences(Told(before), Told(after));
        if (changes.Count > 0) await ActLog.WriteAsync(connection, transaction, new Act("user", $"{id}", after.Mail, "changed", null, changes), now, ct);
        if (changes.Any(change => change.Key != "name"))
        {
            await SessionStore.EndAllAsync(connection, transaction, id, keyId: null, "what this user may do was changed", now, ct);
            if (after.DisabledAt is not null)
            {
                await SignInLinks.ForgetAsync(connection, transaction, after, ct);
                await SessionStore.EndVouchedAsync(connection, transaction, after.Mail, "who stands behind it was disabled", now, ct);
            }

            await InTheirName.EndOfUsersAsync(connection, transaction, [id], now, ct);
        }

        await transaction.CommitAsync(ct);
        return new PeopleSaved<User>.Done(after);
    }

    /// <summary>The one of the mail; made, with all accounts, when there is none.</summary>
    public async Task<User> EnsureAsync(string mail, string name, string role, string by, CancellationToken ct)
    {
        if (await store.FindByMailAsync(mail, ct) is { } user) return user;
        var body = JsonSerializer.SerializeToElement(new { name, mail, role, all_accounts = true });
        return await CreateAsync(body, by, ct) switch
        {
            PeopleSaved<User>.Done done => done.Value,
            PeopleSaved<User>.Invalid invalid => throw new ArgumentException(string.Join("; ", invalid.Errors.ToDictionary().Select(error => $"{error.Key} {string.Join(", ", error.Value)}"))),
            _ => (await store.FindByMailAsync(mail, ct))!,
        };
    }

    internal static string? ReadRole(JsonFields fields, bool required)
    {
        if (fields.Text("role", required) is not { } role) return null;
        if (Roles.All.Contains(role)) return role;
        fields.Refuse("role", $"must be one of {string.Join(", ", Roles.All)}");
        return null;
    }

    private static string? ReadMail(JsonFields fields)
    {
        if (fields.Text("mail", required: true, max: LongestMail)?.Trim() is not { } mail) return null;
        if (mail.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < mail.Length - 1 && mail.LastIndexOf('@') == at && !mail.Any(char.IsWhiteSpace)) return mail.ToLowerInvariant();
        fields.Refuse("mail", "must be a mail address");
        return null;
    }

    private static object Told(User user) => new { user.Name, user.Mail, user.Role, user.AllAccounts, user.Accounts, user.Groups, Disabled = user.DisabledAt is not null };
}
