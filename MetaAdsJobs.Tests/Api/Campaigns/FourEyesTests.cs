using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Campaigns;

/// <summary>Two are two: an approval is somebody's who has not asked, by whatever name or key that somebody comes, and whatever it was that was asked for.</summary>
[TestFixture]
public sealed partial class FourEyesTests
{
    private Service _service = null!;
    private ApiClient _operator = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _operator = _service.Client();
        _account = await _operator.AddAccountAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _operator.Dispose();

    [Test]
    public async Task Who_asks_and_makes_a_key_for_another_does_not_approve_by_it()
    {
        var (annName, bob) = (NewName(), await PersonAsync());
        using var asking = _service.Client("admin", annName);
        var key = (await asking.AddKeyAsync(bob)).Secret;
        using var byKey = _service.With(key);
        await RefusedAsync(byKey, await AskedAsync(annName), "a key that she has made");

        var link = (string)(await asking.PostAsync($"/meta/users/{bob}/link")).Json["url"]!;
        using var byLink = await Visitor.ByLinkAsync(_service, link);
        var approval = await AskedAsync(annName);
        await byLink.PostAsync($"/console/approvals/{approval}/approve", "/console/me");
        Assert.That(await StateAsync(approval), Is.EqualTo("asked"), "a link that she has made");
        var made = await byLink.PostAsync("/console/me", "/console/me", ("name", "by the session"));
        using var byItsKey = _service.With(Key().Match(made.Text).Value);
        await RefusedAsync(byItsKey, approval, "a key that was made behind that link");

        using var byOther = _service.With((await _operator.AddKeyAsync(bob)).Secret);
        Assert.That((await byOther.PostAsync($"/meta/approvals/{approval}/approve")).Code, Is.EqualTo(200), "a key that somebody else has made");
    }

    [Test]
    public async Task Who_has_made_the_template_or_was_shown_its_publishers_secret_does_not_approve_what_a_clip_becomes()
    {
        var (maker, template, rotator, later) = (NewName(), NewName(), NewName(), NewName());
        using var making = _service.Client("manager", maker);
        using var templating = _service.Client("manager", template);
        using var rotating = _service.Client("manager", rotator);
        using var changing = _service.Client("manager", later);
        var name = $"p{Guid.NewGuid():N}"[..20];
        var publisher = $"/meta/publishers/{(await making.PostAsync("/meta/publishers", new JsonObject { ["name"] = name })).Json["id"]}";
        Task<ApiAnswer> PutAsync(ApiClient by) => by.SendAsync(HttpMethod.Put, $"{publisher}/templates/{_account}", ClipWorld.Template().ToJsonString());
        Assert.That((await PutAsync(templating)).Code, Is.EqualTo(200));
        var secret = (string)(await rotating.PostAsync($"{publisher}/rotate", new JsonObject())).Json["secret"]!;
        var run = Guid.Parse(await SendAsync(name, secret, ClipMessage.Of("one")));
        // Whoever changes it afterwards, or takes it away, has nothing to do with what was made before.
        Assert.That((await PutAsync(changing)).Code, Is.EqualTo(200));
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, daily_budget)
                SELECT request_id, social_account_id, request_id::text, 'x', 'OUTCOME_TRAFFIC', 'PAUSED', now(), 1000 FROM orchestrations WHERE request_id = @run
                """, new { run });
        var approval = await AskedAsync($"publisher:{name}", run, madeBy: run);
        await RefusedAsync(making, approval, "who has made the publisher");
        await RefusedAsync(templating, approval, "who has made the template");
        await RefusedAsync(rotating, approval, "who was shown the secret");
        Assert.That((await changing.PostAsync($"/meta/approvals/{approval}/approve")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task Capitals_make_no_second_person()
    {
        var name = NewName();
        using var capitals = _service.Client("manager", name.ToUpperInvariant());
        await RefusedAsync(capitals, await AskedAsync(name), "the same name");
    }

    [Test]
    public async Task Who_has_asked_for_the_campaign_or_for_what_was_added_to_it_does_not_approve_it()
    {
        var (builder, adder, other) = (NewName(), NewName(), NewName());
        var run = await RunAsync(builder);
        var campaign = await CampaignAsync(run);
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at)
                VALUES (gen_random_uuid(), @account::uuid, 'x', jsonb_build_object('campaign_id', @campaign::text), @adder, '', 'succeeded', now(), now()),
                       (gen_random_uuid(), @account::uuid, 'x', jsonb_build_object('campaign_id', @campaign::text), @other, '', 'failed', now(), now())
                """, new { account = _account, campaign, adder, other });
        var approval = await AskedAsync(NewName(), run);
        foreach (var name in (string[])[builder, adder])
        {
            using var approver = _service.Client("manager", name);
            await RefusedAsync(approver, approval, name == builder ? "the campaign's run" : "a run that has added to it");
        }

        using var third = _service.Client("manager", other);
        Assert.That((await third.PostAsync($"/meta/approvals/{approval}/approve")).Code, Is.EqualTo(200), "of what was not done nobody has asked");

        // What was added before the last approval was seen by who gave it.
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync()) await connection.ExecuteAsync("UPDATE campaign_edits SET state = 'succeeded', completed_at = now() WHERE request_id = @run", new { run });
        using var former = _service.Client("manager", adder);
        Assert.That((await former.PostAsync($"/meta/approvals/{await AskedAsync(NewName(), run)}/approve")).Code, Is.EqualTo(200));
    }

    /// <summary>From then on it is answered for by that one.</summary>
    [Test]
    public async Task Who_has_resumed_a_batch_does_not_approve_what_a_row_of_it_became()
    {
        var (sender, resumer) = (NewName(), NewName());
        var run = await RunAsync(sender);
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO batches (batch_id, row_count, requested_by, ordered_by, resumed_by, state, created_at, completed_at) VALUES (@batch, 1, @sender, @resumer, @resumer, 'running', now(), now());
                INSERT INTO batch_rows (batch_id, row, row_id, social_account_id, sent, hash, state, request_id, holds) VALUES (@batch, 1, 'one', @account::uuid, '{}', '', 'begun', @run, false)
                """, new { batch = Guid.CreateVersion7(), sender, resumer, account = _account, run });
        using var resuming = _service.Client("manager", resumer);
        using var third = _service.Client("manager", NewName());
        var approval = await AskedAsync(NewName(), run);
        await RefusedAsync(resuming, approval, "who has resumed the batch");
        Assert.That((await third.PostAsync($"/meta/approvals/{approval}/approve")).Code, Is.EqualTo(200));
    }

    private static async Task RefusedAsync(ApiClient approver, Guid approval, string why)
    {
        var refused = await approver.PostAsync($"/meta/approvals/{approval}/approve");
        Assert.That((refused.Code, (string?)refused.Json["code"]), Is.EqualTo((403, "own_request")), $"{why}: {refused.Text}");
    }

    private static string NewName() => $"p{Guid.NewGuid():N}@example.com";

    private async Task<string> PersonAsync() => (string)(await _operator.AddUserAsync(Persons.UserBody("manager", $"+{_account}")))["id"]!;

    /// <summary>A run that has built a campaign, as the database knows it.</summary>
    private async Task<Guid> RunAsync(string requestedBy)
    {
        var name = $"c{Guid.NewGuid():N}"[..14];
        await PooledCampaigns.AddAsync(_service.Database.DataSource, _account, name, 1);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<Guid>("UPDATE orchestrations SET requested_by = @requestedBy WHERE request_id = (SELECT request_id FROM meta_campaigns WHERE meta_id = @name || ' 1') RETURNING request_id", new { requestedBy, name });
    }

    private async Task<string> CampaignAsync(Guid run)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<string>("SELECT meta_id FROM meta_campaigns WHERE request_id = @run", new { run });
    }

    /// <summary>A publish that waits for an approval.</summary>
    private async Task<Guid> AskedAsync(string askedBy, Guid? run = null, Guid? madeBy = null)
    {
        var (edit, approval) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, made_by)
            SELECT @edit, social_account_id, request_id, 'campaign', meta_id, 'publish', '{}', @askedBy, 'waiting', now(), @madeBy FROM meta_campaigns WHERE request_id = @run;
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT @approval, @edit, request_id, social_account_id, 'asked', @askedBy, now(), now() + interval '7 days', edit_content(@edit), content_hash(edit_content(@edit)), 1 FROM meta_campaigns WHERE request_id = @run
            """, new { edit, approval, askedBy, madeBy, run = run ?? await RunAsync("somebody@example.com") });
        return approval;
    }

    private async Task<string> StateAsync(Guid approval)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<string>("SELECT state FROM approvals WHERE id = @approval", new { approval });
    }

    /// <returns>The run that it has become.</returns>
    private async Task<string> SendAsync(string publisher, string secret, ClipMessage message)
    {
        using var stranger = _service.Client(role: null);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var taken = await stranger.SendAsync(HttpMethod.Post, $"/meta/events/clip-published?publisher={publisher}", message.Body.ToJsonString(),
            ("webhook-id", message.Id), ("webhook-timestamp", $"{now}"), ("webhook-signature", StandardWebhooks.Sign([secret], message.Id, now, message.Bytes)));
        Assert.That((string?)taken.Json["outcomes"]?[0]?["state"], Is.EqualTo("accepted"), taken.Text);
        return (string)taken.Json["outcomes"]![0]!["request_id"]!;
    }

    [GeneratedRegex("maj_[A-Za-z0-9_-]{43}")]
    private static partial Regex Key();
}
