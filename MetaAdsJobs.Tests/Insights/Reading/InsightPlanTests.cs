using Dapper;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights.Reading;

/// <summary>Pages cost what a page costs, not what the table does: three months of eight accounts, and PostgreSQL's own word for how it would read them.</summary>
[TestFixture]
public sealed class InsightPlanTests
{
    private InProcess _core = null!;
    private Guid _account;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        _core = await InProcess.CreateAsync();
        for (var number = 0; number < 8; number++) _account = await _core.AddAccountAsync();
        var database = _core.Database.DataSource;
        await database.DoAsync("""
            SELECT ensure_insight_partitions('2026-09-01', '2026-11-30');
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, spend, currency, raw, is_partial, synced_at)
            SELECT a.id, day::date, a.ad_account_id || 'ad' || ad, a.ad_account_id || 'set' || ad / 4, a.ad_account_id || 'campaign' || ad / 20, 1, 1, 'USD', '{}', false, now()
            FROM social_accounts a, generate_series('2026-09-01'::timestamp, '2026-11-20', '1 day') day, generate_series(1, 100) ad;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, difference)
            SELECT social_account_id, date_start, now(), gen_random_uuid(), false, count(*), sum(spend), 0, 0, 0 FROM meta_ad_insights GROUP BY 1, 2;
            INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, metric, old_value, new_value, was_partial, changed_at)
            SELECT social_account_id, date_start, 0, ad_meta_id, '[]', 'spend', 1, 2, false, now() FROM meta_ad_insights WHERE date_start > '2026-10-15';
            """);
        await database.DoAsync("ANALYZE meta_ad_insights, insight_days, insight_changes, social_accounts");
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public async Task A_page_follows_an_index_and_stops([Values] InsightLevel level, [Values] bool goesOn, [Values("all", "account", "campaign")] string what)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        var campaign = await connection.ExecuteScalarAsync<string>("SELECT ad_account_id || 'campaign3' FROM social_accounts WHERE id = @Account", new { Account = _account });
        var filter = new InsightFilter(what == "account" ? _account : null, what == "campaign" ? campaign : null, null, null, level);
        // Of all accounts the first: behind the last there may be too little for an index to be worth it.
        var after = what == "all" ? await connection.ExecuteScalarAsync<Guid>("SELECT id FROM social_accounts ORDER BY id LIMIT 1") : _account;
        var plan = await PlanAsync(InsightSql.Rows(filter, goesOn, limited: true), new
        {
            SocialAccountId = _account, CampaignId = campaign, AfterAccount = after, AfterDay = new DateTime(2026, 10, 20, 0, 0, 0, DateTimeKind.Unspecified), AfterKey = "x", Limit = 51,
        });

        Assert.That(plan, Does.Not.Match("Seq Scan on meta_ad_insights_2026(09|10|11)"), plan);
        Assert.That(plan, Does.Contain(what == "campaign" ? "_campaign_meta_id" : "_pkey"), plan);
        Assert.That(plan, what == "campaign" ? Does.Contain("campaign_meta_id = ") : Does.Contain("social_account_id = "), plan);
        if (what != "campaign") Assert.That(plan, Does.Not.Match(@"HashAggregate|-> +Sort [^\n]*\n\s*Sort Key: i\."), plan);
        if (goesOn && what != "all") Assert.That(plan, Does.Not.Contain("202609"), "months before the cursor are left out");
    }

    [Test]
    public async Task A_page_of_restatements_follows_the_accounts_index([Values] bool goesOn)
    {
        var after = goesOn ? new RestatementCursor(new(2026, 10, 20), "x", default, 0, "[]", "spend") : null;
        var plan = await PlanAsync(RestatementReader.Sql(new(_account, null, null, null), after), new
        {
            SocialAccountId = _account, AfterDay = new DateTime(2026, 10, 20, 0, 0, 0, DateTimeKind.Unspecified), AfterObject = "x", AfterMoment = new DateTime(2026, 10, 20, 0, 0, 0, DateTimeKind.Utc),
            AfterDefinition = 0L, AfterBreakdown = "[]", AfterMetric = "spend", Limit = 51,
        });

        Assert.That(plan, Does.Match("Index Scan Backward using insight_changes").And.Not.Contain("Seq Scan on insight_changes"), plan);
        Assert.That(plan, Does.Not.Match("-> +Sort "), plan);
    }

    private async Task<string> PlanAsync(string sql, object parameters)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return string.Join('\n', await connection.QueryAsync<string>($"EXPLAIN {sql}", parameters));
    }
}
