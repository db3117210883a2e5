using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>An account in a time zone that PostgreSQL does not know, beside one in a zone that it knows.</summary>
[TestFixture]
public sealed class UnknownZoneTests
{
    [Test]
    public async Task Its_experiments_wait_for_the_zone_and_keep_no_others_from_being_judged()
    {
        await using var world = await RunWorld.StartAsync(("DAILY_CAP_CENTS", "none"));
        var (far, near) = (await world.BeginAsync(), await world.BeginAsync());
        foreach (var one in (Begun[])[far, near]) await world.NumbersAsync(one, 14, 2, (100, 30), (100, 40));
        await ZoneAsync("Mars/Olympus_Mons");

        await world.MinuteAsync();
        Assert.That((await VerdictsAsync(far), await VerdictsAsync(near) > 0), Is.EqualTo((0L, true)));

        await ZoneAsync("America/New_York");
        await world.MinuteAsync();
        Assert.That(await VerdictsAsync(far), Is.Positive);

        Task ZoneAsync(string zone) => world.ExecuteAsync("UPDATE social_accounts SET timezone_name = @zone WHERE id = @AccountId", new { far.Run.AccountId, zone });
        async Task<long> VerdictsAsync(Begun one) => (await world.QueryAsync<long>("SELECT count(*) FROM experiment_verdicts WHERE experiment_id = @Id", new { one.Id }))[0];
    }
}
