using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using EvolveDb;
using EvolveDb.Configuration;
using EvolveDb.Migration;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.Database;

/// <summary>A run as a process of an earlier version has left it.</summary>
/// <param name="Steps">Each as step:state; with a + behind it, it is at Meta although the journal does not know.</param>
public sealed record LeftRun(string Status, string Steps, string Ends)
{
    public string? Ending { get; init; }
    public bool CancelRequested { get; init; }

    public override string ToString() => $"{Status} {Ending}{(CancelRequested ? "cancel requested" : "")} ({Steps})";
}

/// <summary>An update in the midst of work: the schema of version 30, which made one step after the other, with runs in every state.</summary>
[TestFixture]
public sealed class UpgradeTests
{
    private const string Earlier = "30";
    private const string UpToMedia = "campaign:confirmed adset:confirmed media:confirmed";
    private const string Whole = "ad adset campaign creative";

    private static readonly LeftRun[] Left =
    [
        new("queued", "", Whole),
        new("running", "campaign:started", Whole),
        new("running", "campaign:started+", Whole),
        new("waiting", "campaign:pending", Whole),
        new("running", "campaign:confirmed adset:started", Whole),
        new("running", "campaign:confirmed adset:started+", Whole),
        new("running", "campaign:confirmed adset:confirmed media:started", Whole),
        new("running", $"{UpToMedia} creative:started+", Whole),
        new("queued", $"{UpToMedia} creative:confirmed ad:started", Whole),
        new("running", $"{UpToMedia} creative:confirmed ad:started+", Whole),
        new("running", $"{UpToMedia} creative:confirmed ad:confirmed", Whole),
        new("running", "campaign:confirmed adset:started+", "") { CancelRequested = true },
        new("running", "campaign:confirmed adset:started", "") { Ending = "cancelled" },
        new("waiting", $"{UpToMedia} creative:started+ ad:pending", "") { Ending = "failed" },
        new("running", $"{UpToMedia} creative:deleted ad:deleted", "") { Ending = "failed" },
    ];

    private TestDatabase _meta = null!;
    private GraphServer _graph = null!;
    private TestDatabase _database = null!;
    private RunWorld _world = null!;
    private readonly Dictionary<LeftRun, Asked> _asked = [];

    [OneTimeSetUp]
    public async Task UpgradeAsync()
    {
        var time = new ShiftedTime();
        _meta = await TestDatabase.CreateAsync();
        _graph = await GraphServer.StartAsync(_meta.DataSource, time);
        _database = await TestDatabase.CreateBareAsync();
        _world = RunWorld.Over(_database, _graph, time);
        await MigrateAsync(_database, Earlier);

        foreach (var (no, left) in Left.Index()) _asked[left] = await LeaveAsync(left, no);
        Migrations.Apply(_database.ConnectionString, NullLogger.Instance);
        await _world.ExecuteAsync("UPDATE social_accounts SET access_token = @Token", new { Token = _world.Get<AccountTokens>().Close("a token") });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _world.DisposeAsync();
        await _meta.DisposeAsync();
    }

    [TestCaseSource(nameof(Left))]
    public async Task A_run_that_an_earlier_version_has_left_is_ended_by_this_one(LeftRun left)
    {
        var asked = _asked[left];

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo(left.Ends.Length > 0 ? "succeeded" : left.CancelRequested ? "cancelled" : left.Ending), string.Join("; ", ran.Result.Errors));
        await using var connection = await _meta.DataSource.OpenConnectionAsync();
        var kinds = await connection.QueryAsync<string>("SELECT kind FROM stub_graph.objects WHERE account_id = @Account AND deleted_at IS NULL ORDER BY kind", new { Account = asked.AdAccountId[4..] });
        Assert.That(string.Join(' ', kinds), Is.EqualTo(left.Ends));
        if (left.Ends.Length > 0) Assert.That(await _world.QueryAsync<string>("SELECT meta_id FROM meta_ads WHERE request_id = @RequestId", new { asked.RequestId }), Is.EqualTo([ran.Result.CampaignCreation.AdMetaId]));
    }

    [Test]
    public async Task What_runs_show_and_who_asked_for_campaigns_is_known_of_earlier_ones_and_ids_of_rows_lose_their_spaces()
    {
        foreach (var asked in _asked.Values)
            Assert.That(await _world.QueryAsync<string>("SELECT concat(k.request_id, ' ', a.social_account_id) FROM run_clips k JOIN clip_accounts a USING (clip_id) WHERE clip_id = @ClipId", new { asked.ClipId }), Is.EqualTo([$"{asked.RequestId} {asked.AccountId}"]));

        await using var database = await TestDatabase.CreateBareAsync();
        await MigrateAsync(database, "103");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            SET session_replication_role = replica;
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, gen_random_uuid(), person, 'x', 'x', 'PAUSED', now() FROM (VALUES ('ann', gen_random_uuid()), ('ben', gen_random_uuid())) p (person, request_id);
            INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at) SELECT request_id, social_account_id, 'x', '{}', meta_id, '', 'succeeded', now() FROM meta_campaigns;
            INSERT INTO batches (batch_id, row_count, requested_by, state, created_at) VALUES ('7d0c0000-0000-4000-8000-000000000009', 5, 'ann', 'running', now());
            INSERT INTO batch_rows (batch_id, row, row_id, social_account_id, sent, campaign_name, hash, state, holds)
            SELECT '7d0c0000-0000-4000-8000-000000000009', n, id, '7d0c0000-0000-4000-8000-000000000009', '{}', 'x', '', 'waiting', true FROM unnest(ARRAY['spring ', E'\tspring', ' autumn', 'autumn', ' ']) WITH ORDINALITY r (id, n);
            SET session_replication_role = origin
            """);

        Migrations.Apply(database.ConnectionString, NullLogger.Instance);

        Assert.That(await connection.QueryAsync<string>("SELECT concat(meta_id, ' ', requested_by) FROM meta_campaigns ORDER BY 1"), Is.EqualTo(["ann ann", "ben ben"]));
        Assert.That(await connection.QueryAsync<string>("SELECT row_id FROM batch_rows ORDER BY row"), Is.EqualTo(["spring ", "spring", " autumn", "autumn", " "]), "one of those that would be the same");
    }

    [Test]
    public async Task Of_accounts_that_share_an_ad_account_the_later_ones_are_marked_and_a_new_one_is_refused()
    {
        await using var database = await TestDatabase.CreateBareAsync();
        await MigrateAsync(database, "64");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, access_token, created_at, updated_at)
            SELECT gen_random_uuid(), name, id, '1', 'USD', 'UTC', 'closed', now() - age * interval '1 day', now()
            FROM (VALUES ('second', 'act_77', 2), ('first', 'act_77', 3), ('third, written otherwise', 'act_077', 1), ('alone', 'act_770', 0)) AS a (name, id, age)
            """);

        Migrations.Apply(database.ConnectionString, NullLogger.Instance);

        Assert.That(await connection.QueryAsync<string>("SELECT concat(a.name, ' < ', f.name) FROM social_accounts a LEFT JOIN social_accounts f ON f.id = a.double_of ORDER BY a.created_at"), Is.EqualTo(["first < ", "second < first", "third, written otherwise < first", "alone < "]));
        const string AnotherSql = "INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, access_token, created_at, updated_at) VALUES (gen_random_uuid(), 'Another', @Id, '1', 'USD', 'UTC', 'closed', now(), now())";
        foreach (var id in (string[])["act_77", "act_0770"])
            Assert.That((await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(AnotherSql, new { Id = id })))!.ConstraintName, Is.EqualTo("social_accounts_of_meta"));
        await connection.ExecuteAsync("UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE ad_account_id IN ('act_77', 'act_770')");
        await connection.ExecuteAsync(AnotherSql, new { Id = "act_77" });
    }

    [Test]
    public async Task Numbers_of_accounts_that_Meta_bills_in_another_currency_are_in_that_one_and_all_others_stay()
    {
        await using var database = await TestDatabase.CreateBareAsync();
        await MigrateAsync(database, "109");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, meta_currency, timezone_name, access_token, created_at, updated_at)
            SELECT gen_random_uuid(), name, id, '1', 'EUR', at_meta, 'UTC', 'closed', now(), now()
            FROM (VALUES ('in dollars', 'act_77', 'USD'), ('in euros', 'act_78', 'EUR'), ('never asked', 'act_79', NULL)) AS a (name, id, at_meta);
            SELECT ensure_insight_partitions('2026-01-01', '2026-01-01');
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, spend, currency, raw, is_partial, synced_at)
            SELECT id, '2026-01-01', 'ad', 'set', 'campaign', 1, 'EUR', '{}', false, now() FROM social_accounts;
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, spend, currency) SELECT id, '2026-01-01', 'campaign', 1, 0, 1, 'EUR' FROM social_accounts;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, currency)
            SELECT id, '2026-01-01', now(), gen_random_uuid(), false, 1, 1, 0, 0, 'EUR' FROM social_accounts
            """);

        Migrations.Apply(database.ConnectionString, NullLogger.Instance);

        foreach (var table in (string[])["meta_ad_insights", "insight_campaign_days", "insight_days"])
            Assert.That(await connection.QueryAsync<string>($"SELECT concat(a.name, ': ', i.currency) FROM {table} i JOIN social_accounts a ON a.id = i.social_account_id ORDER BY 1"), Is.EqualTo(["in dollars: USD", "in euros: EUR", "never asked: EUR"]), table);
    }

    private static async Task MigrateAsync(TestDatabase database, string version)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        new Evolve(connection)
        {
            EmbeddedResourceAssemblies = [typeof(Migrations).Assembly], EmbeddedResourceFilters = ["MetaAdsJobs.Core.migrations"], MetadataTableName = "schema_migrations",
            EnableClusterMode = false, TransactionMode = TransactionKind.CommitEach, TargetVersion = new MigrationVersion(version),
        }.Migrate();
    }

    private async Task<Asked> LeaveAsync(LeftRun left, int no)
    {
        var asked = new Asked(Guid.CreateVersion7(), Guid.NewGuid(), $"act_{4_000_000 + no}", Guid.NewGuid());
        var body = JsonSerializer.SerializeToElement(ApiClient.Request($"{asked.AccountId}", $"{asked.ClipId}"));
        var request = RequestValidation.Read(body, new FieldErrors(), out _)!;
        await _world.ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, default_countries, access_token, created_at, updated_at)
            VALUES (@AccountId, 'Our shop', @AdAccountId, '2000000001', 'USD', 'America/New_York', '{US}', 'closed', now(), now());
            INSERT INTO clips (id, title, image_url, created_at) VALUES (@ClipId, 'A clip', 'http://nowhere.invalid/clip.jpg', now());
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, ending, cancel_requested, attempt, lease_until, job_id, accepted_at, started_at)
            VALUES (@RequestId, @AccountId, @ClipId, @Name, @Json::jsonb, 'tests', '\x01', @Status, @Ending, @CancelRequested, @Attempt, CASE WHEN @Status = 'running' THEN now() - interval '1 minute' END, '0', now(), now())
            """, new
        {
            asked.RequestId, asked.AccountId, asked.ClipId, asked.AdAccountId, Name = request.CampaignName, Json = request.ToJson(), left.Status, left.Ending, left.CancelRequested,
            Attempt = left.Steps.Length == 0 ? 0 : 1,
        });

        var account = new SocialAccount
        {
            Id = asked.AccountId, Name = "Our shop", AdAccountId = asked.AdAccountId, PageId = "2000000001", Currency = "USD", TimezoneName = "America/New_York", DefaultCountries = ["US"],
        };
        var tree = new AdTree(asked.RequestId, 1, request, account);
        var ids = new Dictionary<string, string>();
        foreach (var (step, state, isAtMeta) in left.Steps.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => (one.Split(':')[0], one.Split(':')[1].TrimEnd('+'), one.EndsWith('+'))))
        {
            if (StepName.IsCreate(step) && (state == "confirmed" || isAtMeta)) ids[step] = await CreateAsync(step, tree, new(asked.AdAccountId, "a token"), ids);
            await _world.ExecuteAsync("""
                INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at, confirmed_at)
                VALUES (@RequestId, @Step, @State, @MetaId, 1, now() - interval '2 minutes', CASE WHEN @State = 'confirmed' THEN now() END)
                """, new { asked.RequestId, Step = step, State = state, MetaId = state == "confirmed" ? ids.GetValueOrDefault(step) : null });
        }

        return asked;
    }

    private Task<string> CreateAsync(string step, AdTree tree, GraphCredential credential, Dictionary<string, string> ids)
    {
        var meta = _world.Get<MetaAds>();
        return step switch
        {
            StepName.Campaign => meta.CreateCampaignAsync(credential, tree.Campaign, CancellationToken.None),
            StepName.AdSet => meta.CreateAdSetAsync(credential, tree.AdSet(step, ids[StepName.Campaign]), CancellationToken.None),
            StepName.Creative => meta.CreateCreativeAsync(credential, tree.Creative(step, _ => new(null, null, "http://nowhere.invalid/clip.jpg")), CancellationToken.None),
            _ => meta.CreateAdAsync(credential, tree.Ad(step, ids[StepName.AdSet], ids[StepName.Creative]), CancellationToken.None),
        };
    }
}
