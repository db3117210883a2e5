using System.Text.Json;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>What is too much for Meta at once is asked for in parts, and the parts are the whole.</summary>
[TestFixture]
public sealed class SplitTests
{
    private const int Days = 8;

    // impressions, clicks, inline_link_clicks, reach, spend, action_values and thruplays count one each, actions ten.
    private const int CellsOfOneAd = 17;
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync()
    {
        _account = await _world.AddAccountAsync(campaigns: 3, adsOfEach: 3);
        _world.Graph.ForgetCalls();
    }

    [TestCase(2 * 9 * CellsOfOneAd, 4, null, TestName = "Too_much_is_cut_by_days")]
    [TestCase(4 * CellsOfOneAd, 3 * Days, "campaign.id", TestName = "A_day_that_is_too_much_is_cut_by_campaigns")]
    [TestCase(2 * CellsOfOneAd, 6 * Days, "ad.id", TestName = "A_campaign_that_is_too_much_is_cut_by_ads")]
    [TestCase(CellsOfOneAd - 1, 9 * Days, "ad.id", TestName = "An_ad_that_is_too_much_is_read_field_by_field")]
    public async Task Cut(int cells, int reports, string? filter)
    {
        var whole = await _world.AtMetaAsync(_account, Days);
        await _world.Database.DataSource.LimitInsightsAsync(_account.AdAccountId, cells);

        var sync = await _world.RunAsync(await _world.QueueAsync(_account, Days), runs: 2000);

        Assert.That((sync.State, sync.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That(sync.Reports, Is.EqualTo(reports));
        Assert.That(sync.LeftOut, Is.Empty);
        Assert.That(_world.Graph.Calls.Any(call => filter is not null && call["filtering"]?.Contains(filter, StringComparison.Ordinal) == true), Is.EqualTo(filter is not null));
        InsightTruth.AssertEqual(await InsightTruth.InTableAsync(_world.Database.DataSource, _account), whole);
    }

    /// <summary>By more than a call waits usually: what comes first in a run would be asked for again and again.</summary>
    [Test]
    public async Task What_is_too_much_is_cut_and_read_field_by_field_also_while_the_account_s_calls_are_spaced()
    {
        var account = await _world.AddAccountAsync(campaigns: 1, adsOfEach: 1);
        var whole = await _world.AtMetaAsync(account, days: 1);
        await _world.Database.DataSource.LimitInsightsAsync(account.AdAccountId, CellsOfOneAd - 1);
        _world.Graph.Faults.Always(_ => true, GraphFaults.Used(88));
        try
        {
            var sync = await _world.RunAsync(await _world.QueueAsync(account, days: 1), runs: 60);
            Assert.That((sync.State, sync.Error), Is.EqualTo(("succeeded", (string?)null)), $"{sync.WaitReason}");
        }
        finally
        {
            _world.Graph.Faults.Clear();
        }

        InsightTruth.AssertEqual(await InsightTruth.InTableAsync(_world.Database.DataSource, account), whole);
    }

    [Test]
    public async Task What_Meta_will_not_tell_of_one_ad_is_left_out_told_and_keeps_the_value_it_had()
    {
        await _world.SyncAsync(_account, Days);
        var before = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        var ad = before.Keys.First().Ad;
        var whole = await _world.AtMetaAsync(_account, Days);
        await _world.Database.DataSource.LimitInsightsAsync(_account.AdAccountId, 1_000_000, ad, "actions");

        var sync = await _world.RunAsync(await _world.QueueAsync(_account, Days), runs: 2000);

        Assert.That((sync.State, sync.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(Days));
        Assert.That(sync.LeftOut[0], Does.Match($"ad {ad} on .* in report ads, without actions: too much for Meta"));
        var after = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        Assert.That(after.Keys, Is.EquivalentTo(before.Keys));
        foreach (var (key, row) in after.Where(row => row.Key.Ad == ad))
        {
            Assert.That(FormattableString.Invariant($"{row.Impressions}"), Is.EqualTo(whole[key].GetProperty("impressions").GetString()), "what it tells is new");
            Assert.That(row.Results, Is.EqualTo(before[key].Results), "what it does not tell is as it was");
            Assert.That(Actions(row), Is.EqualTo(Actions(before[key])));
        }

        InsightTruth.AssertEqual(
            after.Where(row => row.Key.Ad != ad).ToDictionary(), whole.Where(row => row.Key.Ad != ad).ToDictionary());
    }

    [Test]
    public async Task An_ad_of_which_Meta_tells_nothing_at_all_has_not_vanished()
    {
        await _world.SyncAsync(_account, Days);
        var ad = (await InsightTruth.InTableAsync(_world.Database.DataSource, _account)).Keys.First().Ad;
        await _world.Database.DataSource.LimitInsightsAsync(_account.AdAccountId, 1_000_000, ad);

        var sync = await _world.RunAsync(await _world.QueueAsync(_account, Days), runs: 2000);

        Assert.That((sync.State, sync.RowsVanished), Is.EqualTo(("succeeded", 0L)));
        Assert.That(sync.LeftOut.Count(left => left.StartsWith($"ad {ad} on ", StringComparison.Ordinal)), Is.EqualTo(Days));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(Days + 1).And.Some.StartsWith("the account's own spend on "), "which it is part of");
    }

    private static string Actions(StoredRow row) => JsonElement.Parse(row.Raw).TryGetProperty("actions", out var actions) ? actions.ToString() : "";
}
