using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;

namespace MetaAdsJobs.Api.People;

/// <summary>
/// MetaAdsJobs.Api user|key …: what whoever may start the program does to users and keys, on DATABASE_URL and without a service that runs; the first admin of all is made so.
/// It prints what was asked for and nothing else.
/// </summary>
public static class PeopleCommand
{
    public const string Usage = """
        user add --mail MAIL [--name NAME] [--role admin|manager|viewer]              a user, of some accounts: --see and --spend take
                 [--all] [--see ID,…] [--spend ID,…]                                   ids of accounts and of groups; --all: of all
        user link --mail MAIL [--url https://where.the.console.is]                    a link that opens the console once, within a day
        user list [--search TEXT]                                                      mail, role, whether disabled, name; a line each
        user disable --mail MAIL
        user enable --mail MAIL
        key add --mail MAIL --name NAME [--days N] [--role ROLE] [--see …] [--spend …] a key; it is shown this once; N from 1 to 36500;
                                                                                       it may open less than its user may, and never more
        key list --mail MAIL                                                           id, role, whether it is live, when last used, name; a line each
        key revoke --id ID
        """;

    private const string All = "all";
    private const int PageOf = 200;

    public static bool IsOne(string[] arguments) => arguments is ["user" or "key", ..];

    /// <returns>The exit code.</returns>
    public static async Task<int> ExecuteAsync(IServiceProvider services, string[] arguments, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        // As the audit names it: whoever may start the program is nobody that we know.
        using var scope = AccountScope.Enter(new Caller("operator", Roles.Admin, null, null), null);
        if (OptionsOf(arguments) is not { } names || Options(arguments[2..], names) is not { } options) return await UsageAsync(errors);
        if (await GrantsAsync(options, services, ct) is not { } grants) return await UsageAsync(errors);
        var (users, save, keys, links) = (services.GetRequiredService<UserStore>(), services.GetRequiredService<SaveUser>(), services.GetRequiredService<ApiKeyStore>(), services.GetRequiredService<SignInLinks>());
        if (arguments is ["user", "add", ..] && options.GetValueOrDefault("mail") is { } mail)
        {
            var body = new JsonObject { ["mail"] = mail, ["name"] = options.GetValueOrDefault("name") ?? mail, ["role"] = options.GetValueOrDefault("role") ?? Roles.Admin, ["all_accounts"] = options.ContainsKey(All) };
            foreach (var (name, list) in grants) body[name] = list;
            return await TellAsync(await save.CreateAsync(JsonSerializer.SerializeToElement(body), "operator", ct), done => done.Value.Id.ToString(), output, errors);
        }

        if (arguments is ["user", "list", ..]) return await ListAsync(after => users.ListAsync(new(options.GetValueOrDefault("search")), after, PageOf, ct), user => user.Id, user => [user.Mail, user.Role, user.DisabledAt is null ? "on" : "disabled", user.Name], output);
        if (arguments is ["key", "revoke", ..] && Guid.TryParse(options.GetValueOrDefault("id"), out var keyId)) return await TellAsync(await keys.RevokeAsync(keyId, null, "operator", ct), done => done.Value.Shown, output, errors);
        if (options.GetValueOrDefault("mail") is not { } whose) return await UsageAsync(errors);
        if (await users.FindByMailAsync(whose, ct) is not { } user)
        {
            await errors.WriteLineAsync($"There is no user {whose}.");
            return 1;
        }

        switch (arguments)
        {
            case ["user", "link", ..]:
                return await TellAsync(await links.MakeAsync(user.Id, ct), done => $"{options.GetValueOrDefault("url")?.TrimEnd('/')}{SignInEndpoints.LinkPath}?secret={done.Secret}", output, errors);
            case ["user", "disable" or "enable", ..]:
                return await TellAsync(await save.ChangeAsync(user.Id, JsonSerializer.SerializeToElement(new { disabled = arguments[1] == "disable" }), ct), done => done.Value.Mail, output, errors);
            case ["key", "list", ..]:
                var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
                return await ListAsync(before => keys.ListAsync(user.Id, new(), before, PageOf, ct), key => key.Id, key => [$"{key.Id}", key.Role, $"{key.StateAt(now)}".ToLowerInvariant(), key.LastUsedAt is { } used ? $"{used:O}" : "never", key.Name], output);
            case ["key", "add", ..] when options.GetValueOrDefault("name") is { } name:
                var expiresAt = options.GetValueOrDefault("days") is { } days ? keys.ExpiresAfter(days) : null;
                if (expiresAt is null && options.ContainsKey("days")) return await UsageAsync(errors);
                var body = new JsonObject { ["name"] = name, ["expires_at"] = expiresAt };
                if (options.GetValueOrDefault("role") is { } role) body["role"] = role;
                foreach (var (field, list) in grants) body[field] = list;
                return await TellAsync(await keys.CreateAsync(user.Id, JsonSerializer.SerializeToElement(body), "operator", ct), done => done.Secret!, output, errors);
            default:
                return await UsageAsync(errors);
        }
    }

    private static async Task<int> TellAsync<T>(PeopleSaved<T> saved, Func<PeopleSaved<T>.Done, string> what, TextWriter output, TextWriter errors)
    {
        if (saved is PeopleSaved<T>.Done done)
        {
            await output.WriteLineAsync(what(done));
            return 0;
        }

        await errors.WriteLineAsync(saved switch
        {
            PeopleSaved<T>.Invalid invalid => string.Join("; ", invalid.Errors.ToDictionary().Select(error => $"{error.Key} {string.Join(", ", error.Value)}")),
            PeopleSaved<T>.Refused refused => refused.Reason,
            _ => "There is none.",
        });
        return 1;
    }

    /// <returns>As the bodies of users and keys have them: nothing where nothing was said, null where an id is none.</returns>
    private static async Task<IReadOnlyDictionary<string, JsonArray>?> GrantsAsync(Dictionary<string, string> options, IServiceProvider services, CancellationToken ct)
    {
        static string[] Split(string? ids) => ids?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var (seen, spent) = (Split(options.GetValueOrDefault("see")), Split(options.GetValueOrDefault("spend")));
        string[] all = [.. seen.Concat(spent).Distinct(StringComparer.OrdinalIgnoreCase)];
        if (all.Length == 0) return options.ContainsKey("see") || options.ContainsKey("spend") ? null : new Dictionary<string, JsonArray>();
        if (!Array.TrueForAll(all, id => Guid.TryParseExact(id, "D", out _))) return null;
        var groups = (await services.GetRequiredService<AccountGroups>().ListAsync(ct)).Select(group => group.Id).ToHashSet();
        JsonArray Grants(bool ofGroups) => [.. all.Where(id => groups.Contains(Guid.Parse(id)) == ofGroups).Select(id => new JsonObject { ["id"] = id, ["may_spend"] = spent.Contains(id, StringComparer.OrdinalIgnoreCase) })];
        return new Dictionary<string, JsonArray> { ["accounts"] = Grants(false), ["groups"] = Grants(true) };
    }

    private static async Task<int> ListAsync<T>(Func<Guid?, Task<IReadOnlyList<T>>> page, Func<T, Guid> idOf, Func<T, string[]> fieldsOf, TextWriter output)
    {
        for (Guid? last = null; await page(last) is { Count: > 0 } found; last = idOf(found[^1]))
            foreach (var one in found) await output.WriteLineAsync(string.Join('\t', fieldsOf(one).Select(field => new string([.. field.Select(sign => char.IsControl(sign) ? ' ' : sign)]))));
        return 0;
    }

    private static async Task<int> UsageAsync(TextWriter errors)
    {
        await errors.WriteLineAsync($"usage:\n{Usage}");
        return 2;
    }

    // What stands in no line of the usage is refused: a word that is spelt wrong must not be taken for one that was left out.
    private static string[]? OptionsOf(string[] arguments) => arguments switch
    {
        ["user", "add", ..] => ["mail", "name", "role", All, "see", "spend"],
        ["user", "link", ..] => ["mail", "url"],
        ["user", "list", ..] => ["search"],
        ["user", "disable" or "enable", ..] or ["key", "list", ..] => ["mail"],
        ["key", "add", ..] => ["mail", "name", "days", "role", "see", "spend"],
        ["key", "revoke", ..] => ["id"],
        _ => null,
    };

    // --name value, each once, and --all alone.
    private static Dictionary<string, string>? Options(string[] rest, string[] names)
    {
        var options = new Dictionary<string, string>();
        for (var i = 0; i < rest.Length; i++)
        {
            if (!rest[i].StartsWith("--", StringComparison.Ordinal)) return null;
            var name = rest[i][2..];
            if (!names.Contains(name) || (name != All && ++i == rest.Length) || !options.TryAdd(name, rest[i])) return null;
        }

        return options;
    }
}
