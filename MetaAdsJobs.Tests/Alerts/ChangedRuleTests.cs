using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>A rule that is of more accounts by the time somebody changes it, or takes it away.</summary>
[TestFixture]
public sealed class ChangedRuleTests
{
    private AlertWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await AlertWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task Who_does_not_see_all_of_them_finds_none(bool isRemoved)
    {
        var (mine, other) = (await _world.AddAccountAsync(), await _world.AddAccountAsync());
        var rule = await _world.AddRuleAsync(mine, """{"metric":"spend","when":"above","threshold":50}""");
        await using var connection = await _world.Get<NpgsqlDataSource>().OpenConnectionAsync();
        await using var widening = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("UPDATE alert_rules SET account_ids = ARRAY[@mine, @other] WHERE id = @Id", new { mine, other, rule.Id }, widening);
        using var scope = AccountScope.Enter(null, new HashSet<Guid> { mine });
        var save = _world.Get<SaveAlertRule>();
        var saving = isRemoved ? save.DeleteAsync(rule.Id, CancellationToken.None) : save.ChangeAsync(rule.Id, JsonElement.Parse("""{"threshold":70}"""), CancellationToken.None);
        await Eventually.TrueAsync(async () => (await _world.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))[0] > 0, () => "it does not wait");
        await widening.CommitAsync();

        Assert.That(await saving, Is.InstanceOf<AlertRuleSaved.Unknown>());
        Assert.That((await _world.QueryAsync<long>("SELECT count(*) FROM alert_rules WHERE id = @Id AND threshold = 50", new { rule.Id }))[0], Is.EqualTo(1));
    }
}
