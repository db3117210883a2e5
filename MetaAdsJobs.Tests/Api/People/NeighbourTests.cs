using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Api.Console;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Two clients in one service: what somebody of the one reaches of the other's, by ids in bodies and by what both once shared.</summary>
[TestFixture]
public sealed class NeighbourTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ApiClient _manager = null!;
    private ForeignAccount _foreign = null!;
    private string _mine = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
        _foreign = await ForeignAccount.AddAsync(_service, _admin);
        _mine = await _admin.AddAccountAsync();
        _manager = (await _service.ProgramAsync(_admin, "manager", $"+{_mine}")).Client;
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _manager.Dispose();
        _admin.Dispose();
    }

    [Test]
    public async Task An_edit_shows_no_clip_of_another_client()
    {
        var ad = await OwnAdAsync();
        JsonObject Body(string clip) => new() { ["creative"] = new JsonObject { ["clip_id"] = clip, ["creative_title"] = "New title", ["landing_url"] = "https://example.com/new" } };
        var own = await ClipAsync(_manager);
        foreach (var clip in (string[])[_foreign.Ids[Thing.Clip], $"{Guid.NewGuid()}"])
        {
            var refused = await _manager.PatchAsync($"/meta/ads/{ad}", Body(clip));
            refused.AssertProblem(422);
            Assert.That((string?)refused.Json["errors"]!["creative"]?[0], Is.EqualTo($"there is no clip {clip}"), refused.Text);
        }

        Assert.That((await _manager.PatchAsync($"/meta/ads/{ad}", Body(own))).Code, Is.EqualTo(202), "one of her own");
    }

    [Test]
    public async Task A_clip_that_is_shown_in_ones_account_is_seen_whichever_ad_shows_it_and_whoever_made_it()
    {
        var (first, second, edited, other) = (await ClipAsync(_admin), await ClipAsync(_admin), await ClipAsync(_admin), await ClipAsync(_admin));
        JsonObject Ad(string clip) => new() { ["clip_id"] = clip };
        var request = ApiClient.Request(_mine, first);
        request.Remove("clip_id");
        request["ad_sets"] = new JsonArray(new JsonObject { ["ads"] = new JsonArray(Ad(first), Ad(second)) });
        await _admin.AcceptAsync(request);
        await _admin.AcceptAsync(ApiClient.Request(_foreign.Id, other));
        var ad = await OwnAdAsync();
        Assert.That((await _admin.PatchAsync($"/meta/ads/{ad}", new JsonObject { ["creative"] = new JsonObject { ["clip_id"] = edited, ["creative_title"] = "New title", ["landing_url"] = "https://example.com/new" } })).Code, Is.EqualTo(202));

        var listed = (await _manager.GetAsync($"/meta/clips?social_account_id={_mine}&limit=200")).Json["items"]!.AsArray().Select(one => (string?)one!["id"]).ToList();
        foreach (var (clip, isSeen) in ((string, bool)[])[(first, true), (second, true), (edited, true), (other, false)])
        {
            Assert.That(listed.Contains(clip), Is.EqualTo(isSeen), clip);
            Assert.That((await _manager.GetAsync($"/meta/clips/{clip}")).Code, Is.EqualTo(isSeen ? 200 : 404), clip);
        }
    }

    /// <summary>Else its id would tell where its name sorts.</summary>
    [Test]
    public async Task Behind_an_account_of_another_client_no_list_goes_on()
    {
        var (other, own) = (await _admin.AddAccountAsync(account => account["name"] = "A"), $"/console/accounts/{_mine}");
        Assert.That((await _manager.GetAsync("/console/accounts")).Text, Does.Contain(own));
        Assert.That((await _manager.GetAsync($"/console/accounts?cursor={other}")).Text, Does.Not.Contain(own));
    }

    [Test]
    public async Task Another_clients_campaign_in_a_pool_is_refused_as_one_that_there_is_not()
    {
        var own = await PooledCampaigns.AddAsync(_service.Database.DataSource, _mine, $"own{Guid.NewGuid():N}"[..12], 10);
        // Of the foreign ones the first is in a pool, the second is not.
        await PooledCampaigns.AddAsync(_service.Database.DataSource, _foreign.Id, $"{_foreign.Mark} free", 10);
        foreach (var id in (string[])[_foreign.Ids[Thing.Campaign], $"{_foreign.Mark} free 1", "nowhere"])
        {
            var body = own.Body;
            body["members"]!.AsArray().Add(new JsonObject { ["id"] = id });
            var refused = await _manager.PostAsync("/meta/budget-pools", body);
            refused.AssertProblem(422);
            Assert.That(refused.Json["errors"]!.ToJsonString().Replace(id, "X", StringComparison.Ordinal), Is.EqualTo("""{"members[1].id":["there is no campaign X that was made or adopted here"]}"""));
        }
    }

    [Test]
    public async Task A_clips_id_that_is_taken_is_refused_without_a_word_about_whose_it_is()
    {
        var (foreign, own) = (_foreign.Ids[Thing.Clip], await ClipAsync(_manager));
        var texts = new List<string>();
        foreach (var id in (string[])[foreign, own])
        {
            var refused = await _manager.PostAsync("/meta/clips", new JsonObject { ["id"] = id, ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/x.jpg" });
            refused.AssertProblem(409);
            texts.Add(((string)refused.Json["detail"]!).Replace(id, "X", StringComparison.Ordinal));
        }

        Assert.That(texts, Is.All.EqualTo("X cannot be the id of a new clip: give another."));
    }

    [Test]
    public async Task Which_of_ones_clips_are_shown_in_another_account_is_not_told()
    {
        var clip = await ClipAsync(_manager);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("INSERT INTO clip_accounts (clip_id, social_account_id) SELECT @clip::uuid, @foreign::uuid ON CONFLICT DO NOTHING", new { clip, foreign = _foreign.Id });
        string Listed(ApiAnswer answer) => string.Join(' ', answer.Json["items"]!.AsArray().Select(one => (string?)one!["id"]));
        Assert.That(Listed(await _admin.GetAsync($"/meta/clips?social_account_id={_foreign.Id}&limit=200")), Does.Contain(clip));
        Assert.That(Listed(await _manager.GetAsync($"/meta/clips?social_account_id={_foreign.Id}&limit=200")), Is.Empty);
        Assert.That(Listed(await _manager.GetAsync($"/meta/clips?social_account_id={_mine}&limit=200")), Does.Contain(clip));
    }

    [Test]
    public async Task Nor_in_how_many_others_it_is_at_Meta()
    {
        var title = $"t{Guid.NewGuid():N}";
        var clip = (string)(await _manager.PostAsync("/meta/clips", new JsonObject { ["title"] = title, ["video_url"] = "https://cdn.example.com/mine.mp4" })).Json["id"]!;
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await AtMetaAsync(_foreign.Id);
        await connection.ExecuteAsync("INSERT INTO clip_images (clip_id, ad_account_id, hash, uploaded_at) SELECT @clip::uuid, ad_account_id, 'x', now() FROM social_accounts WHERE id = @account::uuid", new { clip, account = _foreign.Id });

        Assert.That((await _admin.GetAsync($"/console/clips?search={title}")).Text, Does.Contain("ad accounts: 2").And.Contain($"https://cdn.example.com/{_foreign.Id}.jpg"));
        Assert.That((await _manager.GetAsync($"/console/clips?search={title}")).Text, Does.Contain(title).And.Contain("not yet").And.Not.Contain("ad accounts:").And.Not.Contain($"{_foreign.Id}.jpg"));
        await AtMetaAsync(_mine);
        Assert.That((await _manager.GetAsync($"/console/clips?search={title}")).Text, Does.Contain("ad accounts: 1").And.Contain($"https://cdn.example.com/{_mine}.jpg"));

        Task AtMetaAsync(string account) => connection.ExecuteAsync("""
            INSERT INTO clip_videos (clip_id, ad_account_id, state, request_id, attempt, video_id, thumbnail_url, started_at, uploaded_at)
            SELECT @clip::uuid, ad_account_id, 'ready', @clip::uuid, 1, '1', 'https://cdn.example.com/' || @account || '.jpg', now(), now() FROM social_accounts WHERE id = @account::uuid
            """, new { clip, account });
    }

    [Test]
    public async Task A_webhook_that_is_narrowed_shows_and_replays_nothing_of_what_was_taken_from_it()
    {
        var hook = (string)(await _admin.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook" })).Json["id"]!;
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        foreach (var account in (string?[])[_mine, _foreign.Id, null])
            await connection.ExecuteAsync("""
                INSERT INTO events (id, type, social_account_id, subject, occurred_at, data) VALUES (@id, 'sync.failed', @account::uuid, 'x', now(), '{}');
                INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at) VALUES (@hook::uuid, @id, 'sync.failed', now(), 'delivered', now())
                """, new { id = Guid.NewGuid(), account, hook });
        Assert.That((await _admin.GetAsync($"/meta/webhooks/{hook}/deliveries")).Json["items"]!.AsArray(), Has.Count.AtLeast(3));
        Assert.That((await _manager.GetAsync($"/meta/webhooks/{hook}")).Code, Is.EqualTo(404));

        Assert.That((await _admin.PatchAsync($"/meta/webhooks/{hook}", new JsonObject { ["account_ids"] = new JsonArray(_mine) })).Code, Is.EqualTo(200));
        // Told meanwhile, by who had seen the webhook as it was.
        var late = Guid.NewGuid();
        await connection.ExecuteAsync("""
            INSERT INTO events (id, type, social_account_id, subject, occurred_at, data) VALUES (@late, 'sync.failed', @account::uuid, 'x', now(), '{}');
            INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at) VALUES (@hook::uuid, @late, 'sync.failed', now(), 'delivered', now())
            """, new { late, account = _foreign.Id, hook });

        var seen = (await _manager.GetAsync($"/meta/webhooks/{hook}/deliveries")).Json["items"]!.AsArray();
        Assert.That(seen.Select(one => (string?)one!["social_account_id"]), Is.EqualTo([_mine]));
        (await _manager.GetAsync($"/meta/webhooks/{hook}/deliveries/{late}")).AssertProblem(404);
        (await _manager.PostAsync($"/meta/webhooks/{hook}/deliveries/{late}/replay")).AssertProblem(404);
        var replayed = await _manager.PostAsync($"/meta/webhooks/{hook}/replay", new JsonObject { ["from"] = "2020-01-01T00:00:00Z", ["to"] = "2100-01-01T00:00:00Z" });
        Assert.That((long?)replayed.Json["deliveries"], Is.EqualTo(1), replayed.Text);
    }

    /// <summary>A line of the audit has what was as well as what is.</summary>
    [Test]
    public async Task That_a_webhook_or_a_rule_was_narrowed_is_not_told_to_who_sees_what_is_left_of_it_only()
    {
        JsonObject Told(params string[] accounts) => new() { ["account_ids"] = new JsonArray([.. accounts.Select(account => (JsonNode)account)]) };
        foreach (var (path, body) in ((string, JsonObject)[])[
            ("/meta/webhooks", new() { ["url"] = "https://receiver.invalid/hook" }), ("/meta/alerts/rules", new() { ["name"] = "Two", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5 })])
        {
            body["account_ids"] = Told(_mine, _foreign.Id)["account_ids"]!.DeepClone();
            var made = (string)(await _admin.PostAsync(path, body)).Json["id"]!;
            foreach (var change in (JsonObject[])[Told(_mine), new() { ["enabled"] = false }, new() { ["enabled"] = true }]) Assert.That((await _admin.PatchAsync($"{path}/{made}", change)).Code, Is.EqualTo(200));
            var (all, mine) = (await _admin.GetAsync($"/meta/changes?object={made}"), await _manager.GetAsync($"/meta/changes?object={made}"));
            Assert.That(all.Text, Does.Contain(_foreign.Id));
            Assert.That(mine.Text, Does.Not.Contain(_foreign.Id).And.Not.Contain(_foreign.Mark));
            Assert.That(mine.Json["items"]!.AsArray(), Has.Count.EqualTo(2), "what is changed from then on");
            Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"{path}/{made}", null)).Code, Is.EqualTo(204));
        }
    }

    /// <summary>Older builds filed such a line under the account that was left.</summary>
    [Test]
    public async Task A_former_line_of_what_was_narrowed_is_shown_to_who_sees_all_alone_in_the_list_and_in_the_file()
    {
        var thing = $"{Guid.NewGuid()}";
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        foreach (var kind in (string[])["webhook", "alert rule"])
            foreach (var fields in (string[])[$$"""{"account_ids":{"old":["{{_mine}}","{{_foreign.Id}}"],"new":["{{_mine}}"]} }""", """{"enabled":{"old":true,"new":false}}"""])
                await connection.ExecuteAsync("INSERT INTO recorded_acts (at, person, social_account_id, kind, object, object_name, action, fields) VALUES (now(), 'ann', @account::uuid, @kind, @thing, 'Of two', 'changed', @fields::jsonb)", new { account = _mine, kind, thing, fields });

        foreach (var (client, lines) in ((ApiClient, int)[])[(_admin, 4), (_manager, 2)])
        {
            var listed = await client.GetAsync($"/meta/changes?object={thing}");
            var file = await client.SendAsync(HttpMethod.Get, $"/meta/changes?object={thing}", null, ("Accept", "text/csv"));
            Assert.That((listed.Json["items"]!.AsArray().Count, file.Text.Split("Of two").Length - 1), Is.EqualTo((lines, lines)));
            foreach (var answer in (ApiAnswer[])[listed, file]) Assert.That(answer.Text.Contains(_foreign.Id, StringComparison.Ordinal), Is.EqualTo(lines == 4), answer.Text);
        }
    }

    [Test]
    public async Task The_audit_tells_viewers_no_more_of_webhooks_than_their_list_does()
    {
        var hook = (string)(await _manager.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook", ["account_ids"] = new JsonArray(_mine) })).Json["id"]!;
        using var viewer = (await _service.ProgramAsync(_admin, "viewer", _mine)).Client;
        (await viewer.GetAsync("/meta/webhooks")).AssertProblem(403);
        Assert.That((await viewer.GetAsync($"/meta/changes?object={hook}")).Json["items"]!.AsArray(), Is.Empty);
        Assert.That((await _manager.GetAsync($"/meta/changes?object={hook}")).Json["items"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_freeze_of_all_accounts_is_looked_at_by_who_sees_some_and_ended_by_who_sees_all()
    {
        var made = await _admin.PostAsync("/meta/freezes", new JsonObject { ["from"] = "2041-01-01T00:00:00Z", ["until"] = "2041-01-02T00:00:00Z" });
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
        var freeze = (string)made.Json["id"]!;
        Assert.That((string?)(await _manager.GetAsync($"/meta/freezes/{freeze}")).Json["id"], Is.EqualTo(freeze));
        (await _manager.PostAsync($"/meta/freezes/{freeze}/end")).AssertProblem(403);
        Assert.That((await _admin.PostAsync($"/meta/freezes/{freeze}/end")).Code, Is.EqualTo(200));
        Assert.That((await _manager.GetAsync($"/meta/freezes/{_foreign.Ids[Thing.Freeze]}")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task Who_may_look_only_adds_no_clip_and_leaves_no_row()
    {
        var (client, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", _mine);
        using var looking = client;
        var (body, file) = ($"{Guid.NewGuid()}", $"{Guid.NewGuid()}");
        var refused = await looking.PostAsync("/meta/clips", new JsonObject { ["id"] = body, ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/x.jpg" });
        refused.AssertProblem(403);
        (await looking.PutFileAsync(Guid.Parse(file), ClipFileBytes.Video(1000))).AssertProblem(403);
        Assert.That((int)(await looking.SendFormAsync("/console/clips/new", ("title", "From a page"), ("image_url", "https://cdn.example.com/x.jpg"))).Code, Is.EqualTo(403));
        Assert.That(await _service.Database.DataSource.RowsAsync($"clips WHERE id IN ('{body}', '{file}') OR title = 'From a page'"), Is.Zero);
    }

    private async Task<string> OwnAdAsync()
    {
        var request = ApiClient.Request(_mine, await ClipAsync(_manager));
        var run = await _manager.AcceptAsync(request);
        var name = $"ad{Guid.NewGuid():N}"[..14];
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@run::uuid, @account::uuid, @name || '-c', 'x', 'OUTCOME_SALES', 'PAUSED', now());
            INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
            SELECT request_id, 'adset', id, @name || '-s', 'x', 'LINK_CLICKS', 'IMPRESSIONS', 1000, 'USD', '{"publisher_platforms":["facebook"]}', 'PAUSED', now() FROM meta_campaigns WHERE meta_id = @name || '-c';
            INSERT INTO meta_creatives (request_id, step, social_account_id, clip_id, meta_id, name, title, landing_url, created_at) SELECT request_id, 'creative', social_account_id, clip_id, @name || '-r', 'x', 'x', 'https://example.com', now() FROM orchestrations WHERE request_id = @run::uuid;
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at) SELECT s.request_id, 'ad', s.id, c.id, @name, 'x', 'PAUSED', now() FROM meta_adsets s JOIN meta_creatives c USING (request_id) WHERE s.meta_id = @name || '-s'
            """, new { run, account = _mine, name });
        return name;
    }

    private static async Task<string> ClipAsync(ApiClient client) => (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
}
