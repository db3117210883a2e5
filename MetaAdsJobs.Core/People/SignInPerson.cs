using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.People;

/// <summary>What an issuer says of somebody.</summary>
/// <param name="Roles">Null: it is not asked about roles, our tables tell.</param>
/// <param name="Groups">Names of groups of accounts; null: it is not asked about accounts.</param>
public sealed record SaidOfPerson(string Mail, string Name, IReadOnlyList<string>? Roles, IReadOnlyList<string>? Groups);

/// <summary>Who it is that an issuer has signed in: a user of ours. Where the issuer tells roles, it makes and changes users by that.</summary>
public sealed class SignInPerson(UserStore users, SaveUser save, AccountGroups groups)
{
    private const string By = "the issuer";
    private const int LongestName = 200;

    /// <returns>Null: nobody who may come in.</returns>
    public async Task<User?> ExecuteAsync(SaidOfPerson said, CancellationToken ct)
    {
        var user = await users.FindByMailAsync(said.Mail, ct);
        if (user?.DisabledAt is not null) return null;
        if (said.Roles is not { } roles) return user;
        using var scope = AccountScope.Enter(new Caller(By, Roles.Admin, null, null), null);
        if (Roles.All.FirstOrDefault(roles.Contains) is not { } role)
        {
            // Whoever has no role there any more has none here: keys, sessions and webhooks end with it. An admin lets in who is to come again.
            if (user is not null) await save.ChangeAsync(user.Id, JsonSerializer.SerializeToElement(new { disabled = true }), ct);
            return null;
        }

        var known = said.Groups is { } names ? (await groups.ListAsync(ct)).Where(group => names.Contains(group.Name, StringComparer.OrdinalIgnoreCase)).Select(group => new { id = group.Id, may_spend = role != Roles.Viewer }).ToArray() : null;
        if (user is null)
        {
            // Without a word about accounts none are seen, until an admin gives some.
            var made = await save.CreateAsync(JsonSerializer.SerializeToElement(new { name = said.Name.Cut(LongestName), mail = said.Mail, role, groups = known ?? [] }), By, ct);
            return made is PeopleSaved<User>.Done done ? done.Value : await users.FindByMailAsync(said.Mail, ct);
        }

        var isSame = user.Role == role && (known is null || (!user.AllAccounts && user.Accounts.Count == 0 && user.Groups.Select(grant => (grant.Id, grant.MaySpend)).ToHashSet().SetEquals(known.Select(grant => (grant.id, grant.may_spend)))));
        if (isSame) return user;
        object changes = known is null ? new { role } : new { role, all_accounts = false, accounts = Array.Empty<object>(), groups = known };
        return await save.ChangeAsync(user.Id, JsonSerializer.SerializeToElement(changes), ct) is PeopleSaved<User>.Done changed ? changed.Value : null;
    }
}
