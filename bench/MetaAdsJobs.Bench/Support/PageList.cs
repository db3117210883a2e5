using System.Globalization;

namespace MetaAdsJobs.Bench.Support;

/// <param name="Path">Of the n-th request for it: each asks for something else.</param>
/// <param name="Bearer">Of whoever asks; null: an admin who sees all accounts.</param>
internal sealed record BenchPage(string Name, Func<int, string> Path, string? Bearer = null);

/// <summary>Every page of the console in its many ways.</summary>
internal static class PageList
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private static readonly string[] Rare = ["Needle", "Needle Sale", "Needle 9", "grand needle"];
    private static readonly string[] Common = ["sale", "shoes", "blue", "green bags", "bright sale", "s", "lamps sale", "early"];

    public static IReadOnlyList<BenchPage> All(IReadOnlyList<Guid> runs, IReadOnlyList<Guid> syncs) =>
    [
        new("runs, newest", _ => "/console"),
        new("runs, deep page", n => $"/console?cursor={runs[n % runs.Count]}"),
        new("runs, failed", n => $"/console?status=failed{Cursor(n)}"),
        new("runs, cancelled", n => $"/console?status=cancelled{Cursor(n)}"),
        new("runs, waiting", _ => "/console?status=waiting"),
        new("runs, succeeded", n => $"/console?status=succeeded{Cursor(n)}"),
        new("runs, one account", n => $"/console?account={Account(n)}{Cursor(n)}"),
        new("runs, one account's failed", n => $"/console?account={Account(n)}&status=failed"),
        new("runs, one account's waiting", n => $"/console?account={Account(n)}&status=waiting"),
        new("runs, one day", n => $"/console?since={Ago(n % PageWorld.Days)}&until={Ago(n % PageWorld.Days)}"),
        new("runs, failed of a month", n => $"/console?status=failed&since={Ago(30 + n)}&until={Ago(n)}"),
        new("runs, by request id", n => $"/console?search={runs[n % runs.Count]}"),
        new("runs, by Meta id", n => $"/console?search={PageWorld.MetaId(n * 4801 % PageWorld.Runs)}"),
        new("runs, by a rare word", n => $"/console?search={Rare[n % Rare.Length]}"),
        new("runs, by number", n => $"/console?search=sale {n * 4802 % PageWorld.Runs}"),
        new("runs, by a word nobody used", n => $"/console?search=zebra{n}"),
        new("runs, by common words", n => $"/console?search={Common[n % Common.Length]}"),
        new("runs, by common words, deep page", n => $"/console?search={Common[n % Common.Length]}&cursor={runs[n % runs.Count]}"),
        new("runs, by a word of last December", n => $"/console?search=christmas {(n % 2 == 0 ? "" : "shoes")}"),
        new("runs, by words that never meet", _ => "/console?search=christmas june"),
        new("runs, by a common word, one account's failed", n => $"/console?search={Common[n % Common.Length]}&status=failed&account={Account(n)}"),
        new("runs, by a common word and a month", n => $"/console?search={Common[n % Common.Length]}&since={Ago(30 + n)}&until={Ago(n)}"),
        new("one run", n => $"/console/runs/{runs[n % runs.Count]}"),
        new("bulk retry, an account's", n => $"/console/runs/bulk/retry?status=failed&account={Account(n)}"),
        new("bulk retry, by a word", n => $"/console/runs/bulk/retry?status=failed&search={Common[n % Common.Length]}"),
        new("bulk cancel", _ => "/console/runs/bulk/cancel?status=waiting"),
        new("campaigns, newest", _ => "/console/campaigns"),
        new("campaigns, deep page", n => $"/console/campaigns?cursor={100_000 + (n * 977)}"),
        new("campaigns, one account", n => $"/console/campaigns?account={Account(n)}"),
        new("campaigns, archived", _ => "/console/campaigns?status=archived"),
        new("campaigns, one account's archived", n => $"/console/campaigns?account={Account(n)}&status=archived"),
        new("campaigns, by common words", n => $"/console/campaigns?search={Common[n % Common.Length]}"),
        new("campaigns, by a word nobody used", n => $"/console/campaigns?search=zebra{n}"),
        new("campaigns, by Meta id", n => $"/console/campaigns?search={Made(n)}"),
        new("one campaign", n => $"/console/campaigns/{Made(n)}"),
        new("new run", _ => "/console/new"),
        new("new run, like another", n => $"/console/new?from={runs[n % runs.Count]}"),
        new("numbers, all, 28 days", n => $"/console/numbers?{Range(n, 28)}"),
        new("numbers, all, 90 days compared", n => $"/console/numbers?{Range(n, 90)}&compare=true"),
        new("numbers, all, 400 days", n => $"/console/numbers?{Range(0, 400)}"),
        new("numbers, account, 28 days", n => $"/console/numbers?account={Account(n)}&{Range(n, 28)}&compare=true"),
        new("numbers, account, 90 days", n => $"/console/numbers?account={Account(n)}&{Range(n, 90)}&compare=true"),
        new("numbers, account, 400 days", n => $"/console/numbers?account={Account(n)}&{Range(0, 400)}&compare=true"),
        new("numbers, campaign, 28 days", n => $"/console/numbers?account={Account(n)}&campaign={Campaign(n)}&{Range(n, 28)}&compare=true"),
        new("numbers, campaign, 400 days", n => $"/console/numbers?account={Account(n)}&campaign={Campaign(n)}&{Range(0, 400)}&compare=true"),
        new("outcomes, 28 days", n => $"/console/numbers/runs?{Range(n, 28)}"),
        new("outcomes, account, 90 days", n => $"/console/numbers/runs?account={Account(n)}&{Range(n, 90)}"),
        new("outcomes, account, 400 days", n => $"/console/numbers/runs?account={Account(n)}&{Range(0, 400)}"),
        new("syncs, latest", _ => "/console/syncs"),
        new("syncs, deep page", n => $"/console/syncs?cursor={syncs[n % syncs.Count]}"),
        new("accounts", _ => "/console/accounts"),
        new("accounts, by name", n => $"/console/accounts?search=shop {1 + (n % PageWorld.Accounts)}"),
        new("one account", n => $"/console/accounts/{Account(n)}"),
        new("one account, to edit", n => $"/console/accounts/{Account(n)}/edit"),
        new("stop of an account", n => $"/console/accounts/{Account(n)}/stop"),
        new("stop of all", _ => "/console/accounts/all/stop"),
        new("clips", _ => "/console/clips"),
        new("clips, by title", n => $"/console/clips?search={(n % 2 == 0 ? "summer" : $"clip {n}")}"),
        new("jobs", _ => "/console/jobs"),
        new("API: runs, newest", n => $"/meta/orchestrate/runs?limit=200{Cursor(n)}"),
        new("API: runs, one day", n => $"/meta/orchestrate/runs?since={Ago(n % PageWorld.Days)}&until={Ago(n % PageWorld.Days)}"),
        new("API: runs, one account's month", n => $"/meta/orchestrate/runs?social_account_id={Account(n)}&since={Ago(30 + n)}&until={Ago(n)}"),
        new("API: runs of a clip", n => $"/meta/orchestrate/runs?clip_id={PageWorld.Clip(1 + (n % 100))}"),
        new("API: runs of a clip, one day", n => $"/meta/orchestrate/runs?clip_id={PageWorld.Clip(1 + (n % 100))}&since={Ago(n)}&until={Ago(n)}"),
        new("API: runs, changed since a moment ago", _ => $"/meta/orchestrate/runs?changed_since={Ago(0)}"),
        new("API: runs, changed since long ago", n => $"/meta/orchestrate/runs?changed_since={Ago(1 + n)}"),
        new("API: campaigns, one month", n => $"/meta/campaigns?since={Ago(30 + n)}&until={Ago(n)}"),
        new("API: campaigns, changed since a moment ago", _ => $"/meta/campaigns?changed_since={Ago(0)}"),
        new("API: campaigns, changed since", n => $"/meta/campaigns?changed_since={Ago(1 + (n % 30))}"),
        new("API: edits, changed since", n => $"/meta/edits?changed_since={Ago(n % 30)}"),
        new("API: syncs, one day", n => $"/meta/insights/syncs?since={Ago(n % PageWorld.Days)}&until={Ago(n % PageWorld.Days)}"),
        new("API: syncs, changed since", n => $"/meta/insights/syncs?changed_since={Ago(n % 30)}"),
        new("API: clips, one day", n => $"/meta/clips?since={Ago(n % PageWorld.Days)}&until={Ago(n % PageWorld.Days)}"),
        new("API: accounts, changed since", n => $"/meta/accounts?changed_since={Ago(n % 30)}"),
    ];

    /// <summary>Lists, as people see them who see some accounts of many.</summary>
    public static IEnumerable<BenchPage> OfSome => PeopleWorld.Seen.SelectMany(seen => (((string Name, Func<int, string> Path)[])
    [
        ("runs", _ => "/console"), ("runs, failed", _ => "/console?status=failed"), ("runs, one account", _ => $"/console?account={PageWorld.Account(seen.Account)}"), ("runs, by common words", n => $"/console?search={Common[n % Common.Length]}"),
        ("campaigns", _ => "/console/campaigns"), ("accounts", _ => "/console/accounts"), ("accounts, by name", n => $"/console/accounts?search=shop {1 + n}"), ("clips", _ => "/console/clips"), ("syncs", _ => "/console/syncs"),
        ("numbers, 28 days", n => $"/console/numbers?{Range(n, 28)}"), ("numbers, 90 days compared", n => $"/console/numbers?{Range(n, 90)}&compare=true"), ("outcomes, 28 days", n => $"/console/numbers/runs?{Range(n, 28)}"), ("new run", _ => "/console/new"),
        ("due", _ => "/console/due"), ("approvals", _ => "/console/approvals"), ("alerts", _ => "/console/alerts"), ("audit", _ => "/console/audit"), ("audit, one person", n => $"/console/audit?who=person{1 + (n % PeopleWorld.People)}@bench"),
        ("API: runs", n => $"/meta/orchestrate/runs?limit=200{Cursor(n)}"), ("API: runs, one person", _ => "/meta/orchestrate/runs?requested_by=manager@bench"), ("API: campaigns", _ => "/meta/campaigns?limit=200"),
        ("API: campaigns, one person", _ => "/meta/campaigns?requested_by=manager@bench"), ("API: campaigns, nobody's", n => $"/meta/campaigns?requested_by=nobody{n}@bench"), ("API: campaigns of a clip", n => $"/meta/campaigns?clip_id={PageWorld.Clip(1 + (n % 100))}"),
        ("API: campaigns, changed since", n => $"/meta/campaigns?changed_since={Ago(n % 30)}"), ("API: edits of a clip", n => $"/meta/edits?clip_id={PageWorld.Clip(1 + (n % 100))}"), ("API: batches of a clip", n => $"/meta/batches?clip_id={PageWorld.Clip(1 + (n % 100))}"),
        ("API: clips of an account", _ => $"/meta/clips?social_account_id={PageWorld.Account(seen.Account)}"),
        ("API: edits", _ => "/meta/edits?limit=200"), ("API: edits, one person", n => $"/meta/edits?asked_by=person{1 + (n % PeopleWorld.People)}@bench"), ("API: edits, changed since", n => $"/meta/edits?changed_since={Ago(n % 30)}"),
        ("API: approvals, approved", _ => "/meta/approvals?status=approved"), ("API: approvals, changed since", n => $"/meta/approvals?changed_since={Ago(n % 30)}"), ("API: alerts", _ => "/meta/alerts?limit=200"),
        ("API: alerts, changed since", n => $"/meta/alerts?changed_since={Ago(n % 30)}"), ("API: changes", _ => "/meta/changes?limit=200"), ("API: accounts", _ => "/meta/accounts?limit=200"), ("API: clips", _ => "/meta/clips?limit=200"), ("API: syncs", _ => "/meta/insights/syncs?limit=200"),
    ]).Select(one => new BenchPage($"{seen.Name}: {one.Name}", one.Path, seen.Bearer)));

    /// <summary>Users, keys and groups, as an admin of all accounts sees them.</summary>
    public static IEnumerable<BenchPage> OfPeople(IReadOnlyList<Guid> users) =>
    [
        new("a group's admin: people", _ => "/console/people"), new("a group's admin: people, by name", n => $"/console/people?search=person {1 + (n % PeopleWorld.People)}"), new("a group's admin: one user", n => $"/console/people/{users[n % users.Count]}"),
        new("a group's admin: one user, to edit", n => $"/console/people/{users[n % users.Count]}/edit"), new("a group's admin: groups", _ => "/console/people/groups"),
        new("a group's admin: API: users", _ => "/meta/users?limit=200"), new("a group's admin: API: users, by name", n => $"/meta/users?search=person {1 + (n % PeopleWorld.People)}"), new("a group's admin: API: keys", _ => "/meta/keys?limit=200"), new("a group's admin: API: groups", _ => "/meta/account-groups"),
    ];

    private static Guid Account(int n) => PageWorld.Account(n % 3 == 0 ? 1 : 1 + (n % PageWorld.Accounts));

    private static string Campaign(int n) => PageWorld.Campaign(n % 3 == 0 ? 1 : 1 + (n % PageWorld.Accounts), 1 + (n % 24));

    // Of runs that succeeded.
    private static string Made(int n) => PageWorld.MetaId(PageWorld.Runs - 48 - (50 * (n % 5000)));

    private static string Ago(int days) => Today.AddDays(-days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Range(int n, int days) => $"since={Ago((n % 10) + days - 1)}&until={Ago(n % 10)}";

    // Half of the requests go deep.
    private static string Cursor(int n) => n % 2 == 0 ? "" : $"&cursor={CursorOf(n)}";

    private static Guid CursorOf(int n) => Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddDays(-(n * 2 % PageWorld.Days)));
}
