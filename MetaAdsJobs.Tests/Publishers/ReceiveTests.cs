using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Receiving;

namespace MetaAdsJobs.Tests.Publishers;

/// <summary>What becomes of messages: once, in whatever order, within limits, and nothing that came is lost.</summary>
[TestFixture]
public sealed class ReceiveTests
{
    private ClipWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await ClipWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task NewPublisherAsync() => await _world.NewPublisherAsync();

    [Test]
    public async Task A_clip_becomes_a_clip_a_run_and_a_job_and_the_run_is_paused_and_names_its_publisher()
    {
        var taken = await _world.TakenAsync(ClipMessage.Of("a"));
        var outcome = taken.Outcomes.Single();
        Assert.That((outcome.State, outcome.SocialAccountId), Is.EqualTo(("accepted", _world.Account)));
        var (name, by, job, auto, video) = (await _world.QueryAsync<(string, string, string, bool, string)>("""
            SELECT o.campaign_name, o.requested_by, o.job_id, (o.request ->> 'auto_publish')::boolean, c.video_url FROM orchestrations o JOIN clips c ON c.id = o.clip_id WHERE o.request_id = @RequestId
            """, new { outcome.RequestId }))[0];
        var publisher = (await _world.Get<PublisherStore>().FindAsync(_world.Publisher, _world.Time.GetUtcNow(), CancellationToken.None))!;
        Assert.That((name, by, auto, video), Is.EqualTo(($"Clip a {_world.Time.GetUtcNow().ToOffset(TimeZoneInfo.FindSystemTimeZoneById("America/New_York").GetUtcOffset(_world.Time.GetUtcNow())):yyyy-MM-dd}", $"publisher:{publisher.Name}", false, "https://cdn.example.com/a.mp4")));
        Assert.That((await _world.QueryAsync<string>("SELECT queue FROM hangfire.jobqueue WHERE jobid = @Id", new { Id = long.Parse(job, null) })).Single(), Is.EqualTo("campaigns-rows"), "behind what people ask for");
    }

    [Test]
    public async Task In_a_retired_account_nothing_is_made_and_who_names_it_is_told_why()
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync();
        await world.QueryAsync<int>("UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Account", new { world.Account });
        Assert.That((await world.TakenAsync(ClipMessage.Of("a"))).Outcomes, Is.Empty);
        var named = (await world.TakenAsync(ClipMessage.Of("b", more: new() { ["social_account_ids"] = new JsonArray($"{world.Account}") }))).Outcomes.Single();
        Assert.That(named.State, Is.EqualTo("refused"));
        Assert.That(string.Join(' ', named.Errors!["social_account_id"]), Does.Contain("the account is retired since"));
    }

    [Test]
    public async Task The_same_message_again_is_told_what_it_became_and_makes_nothing()
    {
        var message = ClipMessage.Of("a");
        var first = (Reception.Taken)await _world.SendAsync(message);
        var again = (Reception.Taken)await _world.SendAsync(message);
        Assert.That((first.IsDuplicate, again.IsDuplicate, again.Event.Id, again.Event.Outcomes[0].RequestId), Is.EqualTo((false, true, first.Event.Id, first.Event.Outcomes[0].RequestId)));
        Assert.That(await _world.SendAsync(ClipMessage.Of("b", message.Id)), Is.InstanceOf<Reception.Reused>(), "the same id for another body");
        Assert.That(await _world.RunsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_clip_in_another_message_makes_no_second_run_even_when_the_log_has_forgotten_the_first()
    {
        var first = (await _world.TakenAsync(ClipMessage.Of("a"))).Outcomes[0];
        var second = (await _world.TakenAsync(ClipMessage.Of("a", more: new() { ["title"] = "Better", ["video_url"] = "https://cdn.example.com/better.mp4" }))).Outcomes[0];
        Assert.That((second.State, second.RequestId), Is.EqualTo(("existing", first.RequestId)));
        _world.Time.Advance(TimeSpan.FromDays(31));
        await _world.SweepAsync();
        Assert.That(await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, new(), null, 10, CancellationToken.None), Is.Empty);
        Assert.That((await _world.TakenAsync(ClipMessage.Of("a"))).Outcomes[0].State, Is.EqualTo("existing"));
        Assert.That(await _world.RunsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_message_is_known_for_at_least_seven_days()
    {
        var message = ClipMessage.Of("a");
        await _world.SendAsync(message);
        _world.Time.Advance(TimeSpan.FromDays(7));
        await _world.SweepAsync();
        Assert.That(((Reception.Taken)await _world.SendAsync(message)).IsDuplicate, Is.True);
        var shorter = new PublisherOptions { KeepDays = 6 };
        Assert.That(Validator.TryValidateObject(shorter, new(shorter), [], validateAllProperties: true), Is.False);
    }

    [Test]
    public async Task An_older_message_that_comes_later_changes_nothing()
    {
        await _world.PutTemplateAsync(_world.Account, ClipWorld.Template(request => request["creative_description"] = "{clip.fields.price}"));
        var newer = await _world.TakenAsync(ClipMessage.Of("a", more: new() { ["published_at"] = "2026-01-01T00:00:00Z", ["updated_at"] = "2026-01-03T00:00:00Z" }));
        Assert.That(newer.Outcomes[0].State, Is.EqualTo("refused"), "the later one says no price any more");
        var older = await _world.TakenAsync(ClipMessage.Of("a", more: new() { ["updated_at"] = "2026-01-02T00:00:00Z", ["fields"] = new JsonObject { ["price"] = "5" } }));
        Assert.That(older.Outcomes[0].State, Is.EqualTo("outdated"));
        Assert.That((await _world.RetakeAsync(older.Id)).Outcomes[0].State, Is.EqualTo("outdated"));
        Assert.That(await _world.RunsAsync(), Is.Zero);
        var latest = await _world.TakenAsync(ClipMessage.Of("a", more: new() { ["updated_at"] = "2026-01-04T00:00:00Z", ["fields"] = new JsonObject { ["price"] = "6" } }));
        Assert.That(latest.Outcomes[0].State, Is.EqualTo("accepted"));
        Assert.That((await _world.RetakeAsync(newer.Id)).Outcomes[0].State, Is.EqualTo("existing"));
    }

    [Test]
    public async Task What_a_template_refuses_is_kept_with_why_and_taken_once_the_template_is_mended()
    {
        await _world.PutTemplateAsync(_world.Account, ClipWorld.Template(request => request["creative_description"] = "{clip.caption}"));
        var refused = await _world.TakenAsync(ClipMessage.Of("a"));
        Assert.That((refused.Outcomes[0].State, refused.Outcomes[0].Errors!.Keys), Is.EqualTo(("refused", new[] { "creative_description" })));
        Assert.That((await _world.RetakeAsync(refused.Id)).Outcomes[0].State, Is.EqualTo("refused"), "as wrong as before");
        Assert.That(await _world.QueryAsync<Guid>("SELECT id FROM clips WHERE video_url = 'https://cdn.example.com/a.mp4' AND title = 'Clip a' AND id NOT IN (SELECT clip_id FROM orchestrations)"), Is.Empty, "no clip of what was not made");

        var mended = ClipWorld.Template(request => request["creative_description"] = "{clip.caption}");
        mended["defaults"] = new JsonObject { ["caption"] = "Come and see" };
        await _world.PutTemplateAsync(_world.Account, mended);
        var taken = (await _world.RetakeAsync(refused.Id)).Outcomes[0];
        Assert.That((taken.State, taken.DecidedBy), Is.EqualTo(("accepted", "ben")));
        Assert.That((await _world.RetakeAsync(refused.Id, "eve")).Outcomes[0], Is.EqualTo(taken).Using<ClipOutcome, ClipOutcome>((a, b) => (a.RequestId, a.DecidedBy) == (b.RequestId, b.DecidedBy)), "it has ended");
        Assert.That((await _world.QueryAsync<string>("SELECT request ->> 'creative_description' FROM orchestrations WHERE request_id = @RequestId", new { taken.RequestId }))[0], Is.EqualTo("Come and see"));
    }

    [Test]
    public async Task In_an_account_without_a_template_nothing_is_made_until_there_is_one()
    {
        var taken = await _world.TakenAsync(ClipMessage.Of("a", more: new() { ["social_account_ids"] = new JsonArray($"{_world.Account}", $"{_world.Other}", $"{Guid.Empty}") }));
        Assert.That(taken.Outcomes.ToDictionary(one => one.SocialAccountId, one => one.State), Is.EqualTo(new Dictionary<Guid, string> { [_world.Account] = "accepted", [_world.Other] = "refused", [Guid.Empty] = "refused" }));
        await _world.PutTemplateAsync(_world.Other, ClipWorld.Template());
        var again = await _world.RetakeAsync(taken.Id);
        Assert.That(again.Outcomes.Single(one => one.SocialAccountId == _world.Other).State, Is.EqualTo("accepted"));
        Assert.That(await _world.RunsAsync(), Is.EqualTo(2));
        Assert.That(await _world.QueryAsync<long>("SELECT count(DISTINCT clip_id) FROM orchestrations o JOIN clip_runs r USING (request_id) WHERE publisher_id = @Publisher", new { _world.Publisher }), Is.EqualTo((long[])[1]), "one clip in both");
    }

    [Test]
    public async Task What_names_no_account_goes_to_every_template_and_without_any_a_person_has_to_look_at_it()
    {
        await _world.Get<Core.Publishers.Templates.TemplateStore>().DeleteAsync(_world.Publisher, _world.Account, _world.Time.GetUtcNow(), CancellationToken.None);
        var nowhere = await _world.TakenAsync(ClipMessage.Of("a"));
        var publisher = (await _world.Get<PublisherStore>().FindAsync(_world.Publisher, _world.Time.GetUtcNow(), CancellationToken.None))!;
        Assert.That((nowhere.Outcomes, nowhere.IsOpen, publisher.Open), Is.EqualTo((Array.Empty<ClipOutcome>(), true, 1)));
        Assert.That((await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, new("refused"), null, 10, CancellationToken.None)).Single().Id, Is.EqualTo(nowhere.Id));
        var today = DateOnly.FromDateTime(_world.Time.GetUtcNow().UtcDateTime);
        foreach (var (filter, count) in ((ClipEventFilter, int)[])[(new(Since: today, Until: today), 1), (new(Since: today.AddDays(1)), 0), (new(Until: today.AddDays(-1)), 0), (new(AccountId: _world.Account), 0)])
            Assert.That(await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, filter, null, 10, CancellationToken.None), Has.Count.EqualTo(count), $"{filter}");
        foreach (var account in (Guid[])[_world.Account, _world.Other]) await _world.PutTemplateAsync(account, ClipWorld.Template());
        var many = await _world.Get<RetakeClipEvent>().OfStateAsync(_world.Publisher, ClipWorld.Json(new { state = "refused" }), "ben", CancellationToken.None);
        Assert.That((many, await _world.RunsAsync()), Is.EqualTo((new TakenMany.Done(1, 2, false), 2)));
        Assert.That(await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, new("refused"), null, 10, CancellationToken.None), Is.Empty);
        Assert.That(await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, new(AccountId: _world.Account), null, 10, CancellationToken.None), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_comes_beyond_a_days_runs_is_kept_and_a_person_can_take_it()
    {
        await _world.NewPublisherAsync(runsPerDay: 2);
        var states = new List<string>();
        foreach (var clip in (string[])["a", "b", "c", "d"]) states.Add((await _world.TakenAsync(ClipMessage.Of(clip))).Outcomes[0].State);
        Assert.That(states, Is.EqualTo((string[])["accepted", "accepted", "over_limit", "over_limit"]));
        var many = (TakenMany.Done)await _world.Get<RetakeClipEvent>().OfStateAsync(_world.Publisher, ClipWorld.Json(new { state = "over_limit" }), "ben", CancellationToken.None);
        Assert.That(many, Is.EqualTo(new TakenMany.Done(2, 2, false)));
        Assert.That(await _world.RunsAsync(), Is.EqualTo(4));
        Assert.That((await _world.TakenAsync(ClipMessage.Of("e"))).Outcomes[0].State, Is.EqualTo("over_limit"), "what a person takes makes no room");
        _world.Time.Advance(TimeSpan.FromHours(24.1));
        Assert.That((await _world.TakenAsync(ClipMessage.Of("f"))).Outcomes[0].State, Is.EqualTo("accepted"), "another day");
    }

    [Test]
    public async Task What_comes_beyond_a_templates_budgets_of_a_day_is_kept()
    {
        var template = ClipWorld.Template();
        template["daily_cap_cents"] = 5000;
        await _world.PutTemplateAsync(_world.Account, template);
        var states = new List<string>();
        foreach (var clip in (string[])["a", "b", "c"]) states.Add((await _world.TakenAsync(ClipMessage.Of(clip))).Outcomes[0].State);
        Assert.That(states, Is.EqualTo((string[])["accepted", "accepted", "over_limit"]));
    }

    [Test]
    public async Task Where_a_template_wants_to_be_asked_nothing_is_made_before_a_person_agrees_and_that_person_has_asked_for_it_too()
    {
        var template = ClipWorld.Template();
        template["approval"] = true;
        await _world.PutTemplateAsync(_world.Account, template);
        var held = await _world.TakenAsync(ClipMessage.Of("a"));
        Assert.That((held.Outcomes[0].State, await _world.RunsAsync()), Is.EqualTo(("held", 0)));
        var taken = (await _world.RetakeAsync(held.Id)).Outcomes[0];
        Assert.That(taken.State, Is.EqualTo("accepted"));
        Assert.That((await _world.QueryAsync<string>("SELECT ordered_by FROM orchestrations WHERE request_id = @RequestId", new { taken.RequestId }))[0], Is.EqualTo("ben"));

        // Somebody else retries it: the person has asked for it all the same.
        var approval = new { Id = Guid.NewGuid(), taken.RequestId, _world.Account };
        await _world.QueryAsync<int>("UPDATE orchestrations SET status = 'failed', completed_at = now() WHERE request_id = @RequestId", approval);
        Assert.That(await _world.Get<RetryOrchestration>().ExecuteAsync(taken.RequestId!.Value, "bob", CancellationToken.None), Is.InstanceOf<Change.Done>());
        await _world.QueryAsync<int>("""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@RequestId, @Account, @Id::text, 'x', 'x', 'PAUSED', now());
            INSERT INTO campaign_edits (edit_id, request_id, social_account_id, level, meta_id, kind, fields, asked_by, state, asked_at) VALUES (@Id, @RequestId, @Account, 'campaign', 'x', 'publish', '{}', 'bob', 'waiting', now());
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents) VALUES (@Id, @Id, @RequestId, @Account, 'asked', 'bob', now(), now() + interval '1 day', '{}', '', 1)
            """, approval);
        Assert.That(await _world.Get<DecideApproval>().ApproveAsync(approval.Id, "Ben", null, CancellationToken.None), Is.InstanceOf<Decided.Own>());
        Assert.That(await _world.Get<DecideApproval>().ApproveAsync(approval.Id, "carol", null, CancellationToken.None), Is.InstanceOf<Decided.Refused>(), "who has nothing to do with it, but this is not what there is");
    }

    [Test]
    public async Task A_cap_of_the_account_holds_for_clips_as_for_everybody()
    {
        await _world.QueryAsync<int>("UPDATE social_accounts SET campaign_cap_cents = 1000 WHERE id = @Account", new { _world.Account });
        var refused = (await _world.TakenAsync(ClipMessage.Of("a"))).Outcomes[0];
        await _world.QueryAsync<int>("UPDATE social_accounts SET campaign_cap_cents = NULL WHERE id = @Account", new { _world.Account });
        Assert.That((refused.State, refused.Errors!.Keys), Is.EqualTo(("refused", new[] { "daily_budget_cents" })));
    }

    /// <summary>The answer of the first exchange was lost: the publisher signs on with what it has.</summary>
    [Test]
    public async Task A_publisher_whose_secret_is_exchanged_again_is_believed_by_the_one_it_has_until_that_ends()
    {
        Task<PublisherSaved> RotateAsync(string body) => _world.Get<SavePublisher>().RotateAsync(_world.Publisher, JsonElement.Parse(body), CancellationToken.None);
        var publisher = (await _world.Get<PublisherStore>().FindAsync(_world.Publisher, _world.Time.GetUtcNow(), CancellationToken.None))!;
        var had = _world.Secret;
        await RotateAsync("{}");
        var present = ((PublisherSaved.Done)await RotateAsync("{}")).Secret!;
        foreach (var secret in (string[])[had, present]) Assert.That(await CheckAsync(secret), Is.EqualTo(new SignatureCheck.Signed(publisher.Id)));
        _world.Time.Advance(TimeSpan.FromHours(24.1));
        Assert.That((await CheckAsync(had), await CheckAsync(present)), Is.EqualTo(((SignatureCheck)new SignatureCheck.Refused(false), (SignatureCheck)new SignatureCheck.Signed(publisher.Id))));
        await RotateAsync("{}");
        var last = ((PublisherSaved.Done)await RotateAsync("""{"keep_old_hours":0}""")).Secret!;
        Assert.That((await CheckAsync(present), await CheckAsync(last)), Is.EqualTo(((SignatureCheck)new SignatureCheck.Refused(false), (SignatureCheck)new SignatureCheck.Signed(publisher.Id))), "it has come into the wrong hands");

        Task<SignatureCheck> CheckAsync(string secret) => _world.Get<CheckSignature>().ExecuteAsync(publisher.Name, ClipMessage.Of("a").Sign(secret, _world.Time.GetUtcNow()), CancellationToken.None);
    }

    [Test]
    public async Task What_is_wrong_in_itself_is_told_by_its_path_and_nothing_is_written()
    {
        var message = ClipMessage.Of("a", more: new()
        {
            ["title"] = null, ["image_url"] = "here", ["language"] = "Spanish", ["country"] = "es", ["updated_at"] = "yesterday", ["fields"] = new JsonObject { ["Größe"] = "1", ["ok"] = 5 }, ["budget"] = 1,
            ["social_account_ids"] = new JsonArray("7"),
        });
        message.Body["type"] = "clip.deleted";
        var invalid = (Reception.Invalid)await _world.SendAsync(message);
        Assert.That(invalid.Errors.ToDictionary().Keys, Is.EquivalentTo((string[])
            ["type", "data.title", "data.image_url", "data.video_url", "data.language", "data.country", "data.updated_at", "data.fields", "data.fields.ok", "data.budget", "data.social_account_ids[0]"]));
        Assert.That(await _world.Get<ClipEventReader>().ListAsync(_world.Publisher, new(), null, 10, CancellationToken.None), Is.Empty);
        Assert.That((await _world.TakenAsync(ClipMessage.Of("a", message.Id))).Outcomes[0].State, Is.EqualTo("accepted"), "its id was not used up");
    }
}
