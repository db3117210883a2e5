using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Publishers.Templates;

namespace MetaAdsJobs.Tests.Publishers;

/// <summary>What a person takes from the log, and what an account, or a template, that has gone meanwhile leaves of it.</summary>
[TestFixture]
public sealed class RetakeTests
{
    /// <summary>Those in the first account cannot be taken any more: they do not stand before the others for ever.</summary>
    [TestCase("retired")]
    [TestCase("without a template")]
    [TestCase("unreadable")]
    public async Task What_stays_as_it_is_keeps_nothing_behind_it_from_being_taken(string first)
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync(runsPerDay: 0);
        for (var clip = 0; clip < 51; clip++) await world.TakenAsync(ClipMessage.Of($"{clip}"));
        if (first == "retired") await world.QueryAsync<int>("UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Account", new { world.Account });
        else if (first == "unreadable") await world.QueryAsync<int>("UPDATE clip_events SET data = '{\"clip_id\":\"0\",\"title\":\"Of another time\",\"length\":7}'");
        else await world.Get<TemplateStore>().DeleteAsync(world.Publisher, world.Account, world.Time.GetUtcNow(), CancellationToken.None);
        await world.PutTemplateAsync(world.Other, ClipWorld.Template());
        world.Time.Advance(TimeSpan.FromMinutes(1));
        var last = await world.TakenAsync(ClipMessage.Of("last", more: new() { ["social_account_ids"] = new JsonArray($"{world.Other}") }));
        Assert.That(last.Outcomes.Single().State, Is.EqualTo("over_limit"));

        for (var call = 0; call < 2; call++)
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            await world.Get<RetakeClipEvent>().OfStateAsync(world.Publisher, ClipWorld.Json(new { state = "over_limit" }), "ben", CancellationToken.None);
        }

        Assert.That((await world.Get<ClipEventReader>().FindAsync(world.Publisher, last.Id, CancellationToken.None))!.Event.Outcomes.Single().State, Is.EqualTo("accepted"));
        var states = await world.QueryAsync<string>("SELECT DISTINCT o.state || ' ' || (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(o.errors) k) FROM clip_outcomes o WHERE social_account_id = @Account", new { world.Account });
        Assert.That(states, Is.EqualTo((string[])[first == "unreadable" ? "refused data.length data.video_url" : "refused social_account_id"]));
    }

    [Test]
    public async Task An_account_in_a_zone_that_the_machine_does_not_know_keeps_the_clip_from_no_other_and_has_it_once_the_zone_is_known()
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync();
        await world.PutTemplateAsync(world.Other, ClipWorld.Template());
        await ZoneAsync("Mars/Olympus_Mons");

        var taken = await world.TakenAsync(ClipMessage.Of("a"));
        var (near, far) = (taken.Outcomes.Single(one => one.SocialAccountId == world.Account), taken.Outcomes.Single(one => one.SocialAccountId == world.Other));
        Assert.That((near.State, far.State), Is.EqualTo(("accepted", "refused")));
        Assert.That(far.Errors!["social_account_id"].Single(), Does.Contain("Mars/Olympus_Mons"));

        await ZoneAsync("America/New_York");
        Assert.That((await world.RetakeAsync(taken.Id)).Outcomes.Select(one => one.State), Is.EqualTo((string[])["accepted", "accepted"]));
        Assert.That(await world.RunsAsync(), Is.EqualTo(2));

        Task ZoneAsync(string zone) => world.QueryAsync<int>("UPDATE social_accounts SET timezone_name = @zone WHERE id = @Other", new { world.Other, zone });
    }

    /// <summary>The account's row is another: Meta's account, and the campaign in it that spends, are the same.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_clip_that_became_a_run_is_advertised_once_in_an_account_of_Metas_whatever_row_it_has_here(bool byPerson)
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync();
        var first = (await world.TakenAsync(ClipMessage.Of("a"))).Outcomes.Single();
        await world.QueryAsync<int>("""
            UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Account;
            UPDATE social_accounts SET ad_account_id = (SELECT 'act_0' || substr(ad_account_id, 5) FROM social_accounts WHERE id = @Account) WHERE id = @Other
            """, new { world.Account, world.Other });
        var template = ClipWorld.Template();
        template["approval"] = byPerson;
        if (!byPerson) await world.PutTemplateAsync(world.Other, template);
        var told = await world.TakenAsync(ClipMessage.Of("a", more: new() { ["title"] = "Better", ["social_account_id"] = $"{world.Other}" }));
        await world.PutTemplateAsync(world.Other, template);
        var again = (await world.RetakeAsync(told.Id)).Outcomes.Single();
        Assert.That((told.Outcomes.Single().State, again.State, again.RequestId), Is.EqualTo(("existing", "existing", first.RequestId)));
        Assert.That((await world.TakenAsync(ClipMessage.Of("b", more: new() { ["social_account_id"] = $"{world.Other}" }))).Outcomes.Single().State, Is.EqualTo(byPerson ? "held" : "accepted"), "another clip");
    }

    /// <summary>Nothing of it is at Meta, and nothing will be.</summary>
    [TestCase("pending", "accepted")]
    [TestCase("deleted", "accepted")]
    [TestCase("left", "existing")]
    public async Task Of_a_run_of_a_retired_row_that_was_cancelled_it_goes_by_what_is_left(string step, string state)
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync();
        var first = (await world.TakenAsync(ClipMessage.Of("a"))).Outcomes.Single();
        await world.QueryAsync<int>("""
            UPDATE orchestrations SET status = 'cancelled', completed_at = now() WHERE request_id = @RequestId;
            INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at) VALUES (@RequestId, 'campaign', @step, 1, now()) ON CONFLICT (request_id, step) DO UPDATE SET state = EXCLUDED.state;
            UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Account;
            UPDATE social_accounts SET ad_account_id = (SELECT ad_account_id FROM social_accounts WHERE id = @Account) WHERE id = @Other
            """, new { world.Account, world.Other, first.RequestId, step });
        await world.PutTemplateAsync(world.Other, ClipWorld.Template());
        Assert.That((await world.TakenAsync(ClipMessage.Of("a", more: new() { ["title"] = "Again", ["social_account_id"] = $"{world.Other}" }))).Outcomes.Single().State, Is.EqualTo(state));
    }

    /// <summary>Our clock, which stands in for a time that was not told, is later than any that is told.</summary>
    [Test]
    public async Task What_told_no_time_and_was_refused_outdates_nothing()
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync(template: ClipWorld.Template(request => request["creative_description"] = "{clip.fields.price}"));
        var priced = new JsonObject { ["published_at"] = "2026-01-01T00:00:00Z", ["fields"] = new JsonObject { ["price"] = "5" } };
        var first = await world.TakenAsync(ClipMessage.Of("a"));
        Assert.That(first.Outcomes.Single().State, Is.EqualTo("refused"));
        Assert.That((await world.TakenAsync(ClipMessage.Of("a", more: priced))).Outcomes.Single().State, Is.EqualTo("accepted"));
        Assert.That((await world.RetakeAsync(first.Id)).Outcomes.Single().State, Is.EqualTo("existing"));

        var kept = await world.TakenAsync(ClipMessage.Of("b", more: new() { ["published_at"] = "2026-01-02T00:00:00Z" }));
        Assert.That((kept.Outcomes.Single().State, (await world.TakenAsync(ClipMessage.Of("b", more: priced))).Outcomes.Single().State), Is.EqualTo(("refused", "outdated")), "it told a time");

        // Neither told one: the later is the truth.
        var (older, newer) = (await world.TakenAsync(ClipMessage.Of("c")), await world.TakenAsync(ClipMessage.Of("c")));
        await world.PutTemplateAsync(world.Account, ClipWorld.Template());
        Assert.That(((await world.RetakeAsync(older.Id)).Outcomes.Single().State, (await world.RetakeAsync(newer.Id)).Outcomes.Single().State), Is.EqualTo(("outdated", "accepted")));
    }
}
