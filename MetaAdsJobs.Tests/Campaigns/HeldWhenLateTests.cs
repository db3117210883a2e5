using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What people hold from its time on is not late; what they hold when it is late already stays so.</summary>
[TestFixture]
public sealed class HeldWhenLateTests
{
    private RunWorld _world = null!;
    private DateTimeOffset _at;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("ACTIVATION_LATE_MINUTES", "30"));
        _at = DateTimeOffset.FromUnixTimeSeconds(_world.Time.GetUtcNow().AddDays(2).ToUnixTimeSeconds());
    }

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task What_is_late_when_somebody_stops_and_starts_is_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at.AddHours(2.5));
        await StopAndStartAsync(_at.AddHours(2.5));

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("missed"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    [Test]
    public async Task What_is_late_when_a_freeze_begins_is_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        await FreezeAsync(_at.AddHours(2), _at.AddHours(2.25));
        _world.Time.AdvanceTo(_at.AddHours(2.5));

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("missed"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    [Test]
    public async Task What_is_late_when_a_freeze_is_made_that_was_to_begin_before_is_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at.AddHours(2));
        await FreezeAsync(_at.AddHours(-1), _at.AddHours(2.25));
        _world.Time.AdvanceTo(_at.AddHours(2.5));

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("missed"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    /// <summary>A token that Meta refuses until the night after: its freeze is over by then.</summary>
    [Test]
    public async Task What_is_late_when_the_freeze_of_another_day_begins_is_missed()
    {
        var (asked, tree, edit) = await BuiltAsync();
        var zone = TimeZoneInfo.FindSystemTimeZoneById((await _world.QueryAsync<string>("SELECT timezone_name FROM social_accounts WHERE id = @AccountId", new { asked.AccountId })).Single());
        var next = TimeZoneInfo.ConvertTime(_at, zone).Date.AddDays(1);
        var body = $$"""{"weekly":{"days":["{{next.DayOfWeek.ToString().ToLowerInvariant()}}"],"from":"12:00","until":"13:00"} }""";
        Assert.That(await _world.Get<Freezes>().AddAsync(JsonElement.Parse(body), "bob", CancellationToken.None), Is.InstanceOf<Saved<Freeze>.Done>());

        var over = next.AddHours(13).AddMinutes(5);
        _world.Time.AdvanceTo(new DateTimeOffset(over, zone.GetUtcOffset(over)));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("missed"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    [Test]
    public async Task What_a_stop_and_a_freeze_after_it_have_held_is_not_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        await FreezeAsync(_at.AddHours(3), _at.AddHours(5));
        _world.Time.AdvanceTo(_at.AddHours(-1));
        await StopAndStartAsync(_at.AddHours(3));

        _world.Time.AdvanceTo(_at.AddHours(5.25));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <param name="minutes">Between two freezes.</param>
    [TestCase(0, "succeeded", "AAA")]
    [TestCase(20, "succeeded", "AAA")]
    [TestCase(40, "missed", "ppp", Description = "it was free, and late, before the second began")]
    public async Task What_two_freezes_have_held_is_missed_when_it_was_late_between_them(int minutes, string status, string switched)
    {
        var (_, tree, edit) = await BuiltAsync();
        await FreezeAsync(_at.AddHours(2).AddMinutes(minutes), _at.AddHours(4));
        await FreezeAsync(_at.AddHours(-1), _at.AddHours(2));

        _world.Time.AdvanceTo(_at.AddHours(4.25));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(status));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(switched));
    }

    private async Task StopAndStartAsync(DateTimeOffset startAt)
    {
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        _world.Time.AdvanceTo(startAt);
        await _world.Get<StopSwitch>().StartAsync(null, "bob", true, CancellationToken.None);
    }

    private async Task FreezeAsync(DateTimeOffset from, DateTimeOffset until)
    {
        var body = JsonElement.Parse($$"""{"from":"{{Text(from)}}","until":"{{Text(until)}}"}""");
        Assert.That(await _world.Get<Freezes>().AddAsync(body, "bob", CancellationToken.None), Is.InstanceOf<Saved<Freeze>.Done>());
    }

    private async Task<(Asked Asked, CampaignTree Tree, Guid Edit)> BuiltAsync()
    {
        var asked = await _world.BuildAsync($$"""{"activate_at":"{{Text(_at)}}"}""");
        return (asked, await _world.TreeAsync(asked), (await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE due_at IS NOT NULL")).Single());
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
