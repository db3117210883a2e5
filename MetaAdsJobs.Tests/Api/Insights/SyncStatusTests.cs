using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

/// <summary>Syncs of a far night in every state, and days of which one differs from Meta's own sum.</summary>
[TestFixture, HasServiceAlone]
public sealed class SyncStatusTests
{
    private static readonly string[] States = ["queued", "running", "waiting", "succeeded", "failed"];
    private readonly List<string> _syncs = [];
    private readonly List<string> _accounts = [];
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        var service = await SharedServices.WithoutWorker;
        var database = service.Database.DataSource;
        _client = service.Client("viewer");
        using var admin = service.Client();
        foreach (var state in States)
        {
            var (account, sync) = (await admin.AddAccountAsync(), Guid.CreateVersion7().ToString());
            _accounts.Add(account);
            _syncs.Add(sync);
            await database.DoAsync("""
                INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, rows_read, days_synced, error, wait_reason, queued_at, started_at,
                    completed_at, reports, left_out)
                SELECT @Sync::uuid, @Account::uuid, '2031-01-01', '2031-01-02', 'nightly', night, @State, 10, 2, CASE @State WHEN 'failed' THEN 'it broke' END,
                    CASE @State WHEN 'waiting' THEN 'throttled by Meta' END, now(), '2031-01-03T03:00:00Z', CASE WHEN @State IN ('succeeded', 'failed') THEN '2031-01-03T03:10:00Z'::timestamptz END,
                    2, CASE @State WHEN 'succeeded' THEN ARRAY['reach of an ad'] ELSE '{}' END
                FROM (VALUES ('2031-01-03'::date)) n (night);
                INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, mode, state, percent)
                SELECT @Sync::uuid, no, 0, '2031-01-01', '2031-01-02', 'account', 'async', state, percent
                FROM (VALUES (1, 'split', 10), (2, 'read', 80), (3, 'submitted', 45), (4, 'planned', 0)) r (no, state, percent) WHERE @State <> 'queued';
                """, new { Sync = sync, Account = account, State = state });
        }

        await database.DoAsync("""
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, queued_at, completed_at)
            SELECT gen_random_uuid(), unnest(@Two::uuid[]), '2031-01-01', '2031-01-02', 'nightly', '2031-01-02', 'succeeded', now(), '2031-01-02T04:00:00Z';
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference)
            SELECT account::uuid, '2031-01-01'::date + day, now(), gen_random_uuid(), false, 5, 7.5, 1, 0.5, 8, CASE WHEN day = 1 THEN 0.25 ELSE 0 END
            FROM unnest(@Two::uuid[]) account, generate_series(0, 2) day
            """, new { Two = _accounts.Take(2).ToArray() });
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [TestCase(0, 0)]
    [TestCase(1, 48)]
    [TestCase(3, 100)]
    public async Task A_sync_tells_how_far_its_reports_are(int index, int percent)
    {
        var sync = (await _client.GetAsync($"/meta/insights/syncs/{_syncs[index]}")).Json;
        Assert.That(((string?)sync["state"], (int)sync["percent"]!, (int)sync["reports"]!), Is.EqualTo((States[index], percent, 2)));
        Assert.That(((string?)sync["requested_by"], (string?)sync["nightly_for"]), Is.EqualTo(("nightly", "2031-01-03")));
        Assert.That(sync["left_out"]!.AsArray(), Has.Count.EqualTo(index == 3 ? 1 : 0));
    }

    [Test]
    public async Task Syncs_come_newest_first_and_by_state_and_account()
    {
        var all = await ReadAsync("syncs?", 1, "sync_id");
        Assert.That(all.Where(_syncs.Contains), Is.EqualTo(_syncs.AsEnumerable().Reverse()));
        Assert.That(all, Is.Unique);
        foreach (var (state, sync) in States.Zip(_syncs)) Assert.That(await ReadAsync($"syncs?state={state}", 200, "sync_id"), Does.Contain(sync));
        Assert.That(await ReadAsync($"syncs?social_account_id={_accounts[4]}&state=failed", 200, "sync_id"), Is.EqualTo([_syncs[4]]));
    }

    [Test]
    public async Task A_night_tells_where_its_accounts_stand_and_what_is_wrong()
    {
        var night = (await _client.GetAsync("/meta/insights/nights/2031-01-03")).Json;
        Assert.That(States.Select(state => (int)night[state]!), Is.All.EqualTo(1));
        Assert.That(((int)night["accounts"]!, (int)night["rows"]!, (int)night["days_synced"]!, (string?)night["completed_at"]), Is.EqualTo((5, 50, 10, (string?)null)));
        Assert.That((string?)night["started_at"], Is.EqualTo("2031-01-03T03:00:00Z"));
        Assert.That(night["unfinished"]!.AsArray().Select(one => ((string?)one!["sync_id"], (string?)one["social_account_id"], (string?)one["account"], (string?)one["state"], (string?)one["reason"])),
            Is.EqualTo([(_syncs[4], _accounts[4], "An account", "failed", "it broke"), (_syncs[2], _accounts[2], "An account", "waiting", "throttled by Meta")]));
        var nights = (await _client.GetAsync("/meta/insights/nights?limit=2")).Json["items"]!.AsArray();
        Assert.That(nights.Select(one => (string)one!["night"]!), Is.EqualTo(["2031-01-03", "2031-01-02"]));
        Assert.That((string?)nights[1]!["completed_at"], Is.EqualTo("2031-01-02T04:00:00Z"), "all are over");
    }

    [Test]
    public async Task Days_come_newest_first_and_those_that_differ_of_all_accounts()
    {
        Assert.That(await ReadAsync($"days?social_account_id={_accounts[0]}", 1, "date"), Is.EqualTo(["2031-01-03", "2031-01-02", "2031-01-01"]));
        var differing = (await ReadAsync("days?differing=true&since=2031-01-01", 1, "social_account_id"));
        Assert.That(differing, Is.EquivalentTo(_accounts.Take(2)));
        var day = (await _client.GetAsync($"/meta/insights/days?social_account_id={_accounts[0]}&differing=true")).Json["items"]!.AsArray().Single()!;
        Assert.That(((decimal)day["spend"]!, (decimal)day["vanished_spend"]!, (decimal)day["account_spend"]!, (decimal)day["difference"]!), Is.EqualTo((7.5m, 0.5m, 8m, 0.25m)));
    }

    private async Task<List<string>> ReadAsync(string url, int limit, string field)
    {
        var items = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _client.GetAsync($"/meta/insights/{url}&limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}")).Json;
            items.AddRange(page["items"]!.AsArray().Select(item => (string)item![field]!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);

        return items;
    }
}
