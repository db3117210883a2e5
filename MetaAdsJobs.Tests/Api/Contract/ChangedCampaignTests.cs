using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Whoever keeps a copy of all campaigns asks for those that have changed since: none of them is missing, and what stands as before is not told, be the changes few or many.</summary>
[TestFixture, HasServiceAlone]
public sealed class ChangedCampaignTests
{
    private const string Long = "'2020-01-01T00:00:00Z'";

    // As if nothing had happened for years.
    private const string ResetSql = $$"""
        DELETE FROM campaign_edits WHERE request_id = @Run;
        DELETE FROM activations WHERE request_id = @Run;
        UPDATE meta_campaigns SET status = 'PAUSED', name = 'x', daily_budget = NULL, effective_status = NULL, issues = '[]' WHERE request_id = @Run;
        UPDATE meta_campaigns SET told_at = {{Long}} WHERE request_id = @Run;
        UPDATE orchestrations SET status = 'succeeded', started_at = {{Long}}, completed_at = {{Long}}, reviewed_at = NULL WHERE request_id IN (@Run, @Added);
        """;

    private const string ActiveSql = $"INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at, told_at) SELECT request_id, social_account_id, 'active', 1, {Long}, {Long} FROM orchestrations WHERE request_id = @Run;";

    private static readonly (string What, string Sql, bool IsChanged)[] Changes =
    [
        ("nothing", "", false),
        ("compared, and nothing found", "UPDATE meta_campaigns SET compared_at = now(), compare_at = now() + interval '1 day' WHERE request_id = @Run", false),
        ("switched", "UPDATE meta_campaigns SET status = 'ACTIVE' WHERE request_id = @Run", true),
        ("named otherwise", "UPDATE meta_campaigns SET name = 'y' WHERE request_id = @Run", true),
        ("with another budget", "UPDATE meta_campaigns SET daily_budget = 500 WHERE request_id = @Run", true),
        ("looked at by Meta", "UPDATE meta_campaigns SET effective_status = 'WITH_ISSUES' WHERE request_id = @Run", true),
        ("with something against it", """UPDATE meta_campaigns SET issues = '[{"code":1}]' WHERE request_id = @Run""", true),
        ("counted as before", $"{ActiveSql} UPDATE activations SET busy_until = now() WHERE request_id = @Run", false),
        ("counted", "INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, social_account_id, 'active', 1, now() FROM orchestrations WHERE request_id = @Run", true),
        ("paused by a stop", $"{ActiveSql} UPDATE activations SET state = 'paused' WHERE request_id = @Run", true),
        ("counted for more", $"{ActiveSql} UPDATE activations SET daily_cents = 2 WHERE request_id = @Run", true),
        ("being edited", EditSql("waiting", "NULL"), true),
        ("edited", EditSql("succeeded", "now()"), true),
        ("edited long ago", EditSql("succeeded", Long), false),
        ("its ads looked at by Meta", "UPDATE orchestrations SET reviewed_at = now() WHERE request_id = @Run", true),
        ("being added to", "UPDATE orchestrations SET status = 'running', completed_at = NULL WHERE request_id = @Added", true),
        ("added to", "UPDATE orchestrations SET completed_at = now() WHERE request_id = @Added", true),
        ("its added ads looked at by Meta", "UPDATE orchestrations SET reviewed_at = now() WHERE request_id = @Added", true),
    ];

    private readonly string _mark = $"{Guid.NewGuid():N}";
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _account = null!;
    private object _runs = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client("admin", "changed campaigns");
        var request = await _admin.NewRequestAsync();
        _account = (string)request["social_account_id"]!;
        var runs = new List<Guid>();
        foreach (var _ in (int[])[1, 2, 3]) runs.Add(Guid.Parse(await _admin.AcceptAsync(request)));
        _runs = new { Run = runs[0], Added = runs[1], Other = runs[2] };
        await ExecuteAsync($"""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, told_at)
            SELECT request_id, social_account_id, '{_mark}' || CASE WHEN request_id = @Other THEN ' other' ELSE '' END, 'x', 'OUTCOME_TRAFFIC', 'PAUSED', {Long}, {Long} FROM orchestrations WHERE request_id IN (@Run, @Other);
            UPDATE orchestrations SET request = request || jsonb_build_object('campaign_id', '{_mark}') WHERE request_id = @Added;
            UPDATE orchestrations SET status = 'succeeded', started_at = {Long}, completed_at = {Long} WHERE request_id = @Other;
            """);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await ExecuteAsync("DELETE FROM campaign_edits WHERE request_id IN (@Run, @Other)");
        _admin.Dispose();
    }

    /// <summary>Many: more than are looked up one by one.</summary>
    [Test]
    public async Task Each_change_of_a_campaign_is_found_among_few_and_among_many()
    {
        await EachAsync();
        await ExecuteAsync($"""
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, completed_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', '{_mark} other', 'pause', '{"{}"}', '{_mark}', 'succeeded', now(), now() FROM orchestrations, generate_series(0, 2000) WHERE request_id = @Other;
            """);
        await EachAsync();
        Assert.That(await ListAsync("2021-01-01T00:00:00Z"), Does.Contain($"{_mark} other"));
    }

    private async Task EachAsync()
    {
        using var all = Assert.EnterMultipleScope();
        foreach (var (what, sql, isChanged) in Changes)
        {
            await ExecuteAsync(ResetSql);
            Assert.That(await ListAsync("2021-01-01T00:00:00Z"), Does.Not.Contain(_mark), "before");
            if (sql.Length > 0) await ExecuteAsync(sql);
            Assert.That((await ListAsync("2021-01-01T00:00:00Z")).Contains(_mark), Is.EqualTo(isChanged), what);
            // What is under way may change at any time.
            Assert.That((await ListAsync("2090-01-01T00:00:00Z")).Contains(_mark), Is.EqualTo(what.StartsWith("being", StringComparison.Ordinal)), $"{what}: not yet over");
        }
    }

    private static string EditSql(string state, string completedAt) => $"""
        INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, completed_at)
        SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', 'x', 'pause', '{"{}"}', 'x', '{state}', {Long}, {completedAt} FROM orchestrations WHERE request_id = @Run
        """;

    private async Task<List<string>> ListAsync(string changedSince)
    {
        var answer = await _admin.GetAsync($"/meta/campaigns?changed_since={changedSince}&social_account_id={_account}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return [.. answer.Json["items"]!.AsArray().Select(one => (string)one!["campaign_id"]!)];
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, _runs);
    }
}
