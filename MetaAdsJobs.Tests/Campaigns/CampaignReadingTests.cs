using System.Text.Json;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Campaigns as lists, pages and previews show them.</summary>
[TestFixture]
public sealed class CampaignReadingTests
{
    private RunWorld _world = null!;
    private CampaignTree _tree = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync();
        _tree = await _world.BuiltAsync(EditWorld.Tree);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TestCase(EditKind.Publish, "c", "cssaaaa", "0 20000 20000", true)]
    [TestCase(EditKind.Publish, "s", "saa", "0 0 10000", true)]
    [TestCase(EditKind.Resume, "c", "c", "0 0 0", false)]
    [TestCase(EditKind.Resume, "s", "s", "0 0 10000", true)]
    [TestCase(EditKind.Pause, "c", "", "0 0 0", false)]
    [TestCase(EditKind.Archive, "s", "saa", "0 0 0", false)]
    [TestCase(EditKind.Delete, "c", "cssaaaa", "0 0 0", false)]
    public async Task A_preview_tells_what_is_switched_and_what_it_may_spend(EditKind kind, string of, string switched, string cents, bool more)
    {
        var preview = await PreviewAsync(kind, of == "c" ? _tree.Campaign.MetaId : _tree.AdSets[0].MetaId);

        Assert.That(string.Concat(preview.Switched.Select(one => one.Level switch { EditLevel.Campaign => 'c', EditLevel.Adset => 's', _ => 'a' })), Is.EqualTo(switched));
        Assert.That((Spent(preview), preview.SpendsMore), Is.EqualTo((cents, more)));
    }

    [Test]
    public async Task A_preview_of_a_change_tells_from_what_to_what_and_has_a_mark_of_its_own()
    {
        var adSet = _tree.AdSets[0].MetaId;

        var preview = await PreviewAsync(EditKind.Update, adSet, """{"daily_budget_cents":15000,"name":"Boots"}""");

        Assert.That((preview.Before.DailyBudgetCents, preview.After.DailyBudgetCents, CampaignNames.Readable(preview.Before.Name!)), Is.EqualTo((10000L, 15000L, "Summer Sale 2025 - Ad set 1")));
        Assert.That(preview.Mark, Is.EqualTo((await PreviewAsync(EditKind.Update, adSet, """{"daily_budget_cents":15000,"name":"Boots"}""")).Mark));
        Assert.That(preview.Mark, Is.Not.EqualTo((await PreviewAsync(EditKind.Update, adSet, """{"daily_budget_cents":15001,"name":"Boots"}""")).Mark));
        Assert.That((await _world.Get<PreviewEdit>().ExecuteAsync(adSet, EditKind.Update, JsonElement.Parse("""{"daily_budget_cents":0}"""), CancellationToken.None)).Refusal, Is.InstanceOf<EditRequested.Invalid>());
    }

    [Test]
    public async Task A_list_is_read_page_by_page_by_account_state_and_words_and_tells_where_it_stopped_looking()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.BuildAsync("""{"campaign_name":"Early_birds"}""");
        var other = await world.BuildAsync("""{"campaign_name":"Late birds"}""");
        await world.BuildAsync("""{"campaign_name":"Owls"}""");
        var tree = await world.TreeAsync(asked);

        var first = await world.Get<CampaignReader>().ListAsync(new(), null, 2, CancellationToken.None);
        var second = await world.Get<CampaignReader>().ListAsync(new(), first.Next, 2, CancellationToken.None);
        Assert.That((Names(first), Names(second), second.Next), Is.EqualTo(("Owls, Late birds", "Early_birds", (long?)null)));
        foreach (var (filter, found) in ((CampaignFilter, string)[])
            [
                (new(Search: "bird"), "Late birds, Early_birds"), (new(Search: "EARLY bi"), "Early_birds"), (new(Search: "irds"), ""), (new(Search: "--"), ""), (new(asked.AccountId), "Early_birds"),
                (new(asked.AccountId, Search: "late"), ""), (new(Status: "PAUSED", Search: "owl"), "Owls"), (new(Status: "ACTIVE"), ""), (new(Search: tree.Campaign.MetaId), "Early_birds"),
                (new(Search: tree.Ads[0].MetaId), "Early_birds"), (new(other.AccountId, Search: tree.Ads[0].MetaId), ""),
            ])
            Assert.That(Names(await world.Get<CampaignReader>().ListAsync(filter, null, 50, CancellationToken.None)), Is.EqualTo(found), filter.ToString());

        await world.ExecuteAsync("UPDATE meta_campaigns SET status = 'ARCHIVED' WHERE request_id = @RequestId", new { asked.RequestId });
        await world.ExecuteAsync($"""
            SET session_replication_role = replica;
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, requested_by)
            SELECT gen_random_uuid(), social_account_id, 'M' || n, 'Crows', objective, status, created_at, requested_by FROM meta_campaigns, generate_series(1, {CampaignReader.MostWalked}) n WHERE name LIKE 'Owls%'
            """);
        var walked = await world.Get<CampaignReader>().ListAsync(new(Status: "ARCHIVED"), null, 50, CancellationToken.None);
        Assert.That((Names(walked), walked.SearchedBackTo is not null), Is.EqualTo(("", true)));
        Assert.That(Names(await world.Get<CampaignReader>().ListAsync(new(Status: "ARCHIVED"), walked.Next, 50, CancellationToken.None)), Is.EqualTo("Early_birds"));
    }

    [Test]
    public async Task A_campaign_shows_the_numbers_of_its_last_whole_days_and_what_Meta_has_against_it()
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync();
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(world.Time.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("America/New_York")).DateTime);
        await world.ExecuteAsync("""
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, spend, results, result_type, currency)
            SELECT @AccountId, @Today - n, @MetaId, 1, 0, 1, 2, 'link_click', 'USD' FROM generate_series(0, 8) n
            """, new { tree.AccountId, Today = today, tree.Campaign.MetaId });
        await world.ExecuteAsync("""UPDATE meta_ads SET effective_status = 'DISAPPROVED', issues = '[{"level":"AD","code":"1","summary":"Not allowed","message":"Mend it"}]'""");
        await world.ExecuteAsync("UPDATE meta_adsets SET effective_status = 'CAMPAIGN_PAUSED', bid_amount = 120");

        var shown = (await world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!;

        Assert.That(shown.Campaign.LastDays, Is.EqualTo(new CampaignNumbers(today.AddDays(-7), today.AddDays(-1), 7m, 14m, "link_click")));
        Assert.That((shown.Campaign.AccountName, shown.Campaign.RequestedBy, shown.Campaign.RefusedAds, shown.Campaign.DailyCents, shown.Campaign.Currency), Is.EqualTo(("Our shop", "tests", 1, 10000L, "USD")));
        var (adSet, ad) = (shown.AdSets[0].AdSet, shown.AdSets[0].Ads[0]);
        Assert.That((adSet.EffectiveStatus, adSet.BidAmountCents, ad.EffectiveStatus, ad.Issues[0].Summary), Is.EqualTo(("PAUSED", 120L, "DISAPPROVED", "Not allowed")), "what Meta says of switches is as they are known since");
        Assert.That(shown.Find(ad.MetaId)?.Level, Is.EqualTo(EditLevel.Ad));
        Assert.That(await world.Get<CampaignReader>().FindAsync(ad.MetaId, CancellationToken.None), Is.Null, "not by the id of something else");
    }

    [Test]
    public async Task Pages_hear_of_every_edit_that_is_asked_for_moves_or_ends_and_of_what_others_did_or_added()
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync();
        async Task<string> MarkAsync() => (await world.Get<Pulse>().ReadAsync(CancellationToken.None))["campaigns"];
        var marks = new List<string> { await MarkAsync() };

        var edit = await world.AskAsync(EditKind.Update, tree.Campaign.MetaId, """{"name":"Other"}""");
        marks.Add(await MarkAsync());
        await world.ExecuteAsync("UPDATE campaign_edits SET state = 'waiting', wait_reason = 'stopped'");
        marks.Add(await MarkAsync());
        await world.UntilEndedAsync(edit);
        marks.Add(await MarkAsync());
        await world.ExecuteAsync("""
            INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", found_at)
            SELECT social_account_id, request_id, 'campaign', meta_id, 'name', 'Other', 'Mine', now() FROM meta_campaigns
            """);
        marks.Add(await MarkAsync());
        await world.ExecuteAsync("""
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at)
            SELECT request_id, 'ad:1.2', adset_db_id, creative_db_id, meta_id || '_2', name, status, created_at FROM meta_ads
            """);
        marks.AddRange([await MarkAsync(), await MarkAsync()]);

        Assert.That(marks.Distinct().Count(), Is.EqualTo(6), "of what was asked, waits and ends, of what somebody else did, and of what was added");
        Assert.That(marks[^1], Is.EqualTo(marks[^2]), "and of nothing else");
    }

    private static string Spent(EditPreview preview) => $"{preview.DailyCents} {preview.DailyCentsAfter} {preview.DailyCentsOnceOn}";

    private static string Names(CampaignListing page) => string.Join(", ", page.Campaigns.Select(one => CampaignNames.Readable(one.Name)));

    private async Task<EditPreview> PreviewAsync(EditKind kind, string metaId, string? body = null)
    {
        var (preview, refusal) = await _world.Get<PreviewEdit>().ExecuteAsync(metaId, kind, body is null ? null : JsonElement.Parse(body), CancellationToken.None);
        Assert.That(refusal, Is.Null);
        return preview!;
    }
}
