using Dapper;
using Hangfire;
using Hangfire.Storage;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>An account in a time zone that neither this machine nor PostgreSQL knows, beside one in a zone that both know.</summary>
[TestFixture]
public sealed class ZonesTests
{
    private const string Nightly = "nightly insights ";
    private InProcess _core = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _core = await InProcess.CreateAsync();
        await _core.AddAccountAsync("Europe/Berlin");
        await _core.AddAccountAsync("Mars/Olympus_Mons");
    }

    [TearDown]
    public async Task DropAsync() => await _core.DisposeAsync();

    [Test]
    public async Task It_stops_no_start_no_sweep_no_metric_and_no_rule()
    {
        await _core.Get<Schedules>().EnsureAllAsync(CancellationToken.None);
        Assert.That(Ids().Where(id => id.StartsWith(Nightly, StringComparison.Ordinal)), Is.EqualTo((string[])[Nightly + "Europe/Berlin"]));

        await _core.Get<Sweep>().RescueAsync(CancellationToken.None);
        new ServiceReader(_core.Get<NpgsqlDataSource>(), _core.Get<TimeProvider>()).Read();
        await _core.Get<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        await _core.Get<EvaluateAlerts>().ExecuteAsync(CancellationToken.None);
    }

    [Test]
    public async Task Its_night_comes_when_the_zone_does()
    {
        await _core.Get<Schedules>().EnsureAllAsync(CancellationToken.None);
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE social_accounts SET timezone_name = 'Asia/Kathmandu' WHERE timezone_name LIKE 'Mars/%'");

        await _core.Get<Schedules>().EnsureNightsAsync(CancellationToken.None);

        Assert.That(Ids(), Does.Contain(Nightly + "Asia/Kathmandu"));
    }

    [Test]
    public async Task A_zone_that_PostgreSQL_alone_does_not_know_keeps_its_nights()
    {
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("CREATE OR REPLACE FUNCTION known_zone(name text) RETURNS text LANGUAGE sql STABLE STRICT AS 'SELECT nullif(name, ''Europe/Berlin'')'");

        await _core.Get<Schedules>().EnsureNightsAsync(CancellationToken.None);

        Assert.That(await _core.Get<Core.Accounts.AccountStore>().ListTimezonesAsync(CancellationToken.None), Is.EqualTo([("Europe/Berlin", false), ("Mars/Olympus_Mons", true)]));
        Assert.That(Ids(), Does.Contain(Nightly + "Europe/Berlin"));
    }

    [Test]
    public async Task The_log_names_the_zone_and_its_accounts_once_and_again_when_it_is_unknown_again()
    {
        var log = new LogLines<Schedules>();
        var schedules = ActivatorUtilities.CreateInstance<Schedules>(_core.Get<IServiceProvider>(), log);
        foreach (var _ in (int[])[1, 2]) await schedules.EnsureNightsAsync(CancellationToken.None);
        const string OfMachine = "This machine does not know the time zone Mars/Olympus_Mons: no nightly sync for Account in Mars/Olympus_Mons until it does, or until they are given another one";
        Assert.That(log.Lines, Is.EqualTo([(4010, LogLevel.Error, OfMachine)]));

        // As an older tzdata of PostgreSQL's would, then a newer, then the older again.
        const string OfDatabase = "PostgreSQL does not know the time zone Europe/Berlin: no budget pools, no experiments and no rules by days for Account in Europe/Berlin until it does, or until they are given another one";
        foreach (var (unknown, told) in ((string, int)[])[("Europe/Berlin", 1), ("Europe/Berlin", 1), ("nothing", 1), ("Europe/Berlin", 2)])
        {
            await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
                await connection.ExecuteAsync($"CREATE OR REPLACE FUNCTION known_zone(name text) RETURNS text LANGUAGE sql STABLE STRICT AS 'SELECT nullif(name, ''{unknown}'')'");
            await schedules.EnsureNightsAsync(CancellationToken.None);
            Assert.That(log.Lines.Skip(1), Is.EqualTo(Enumerable.Repeat((4011, LogLevel.Error, OfDatabase), told)), unknown);
        }
    }

    [TestCase("sweep")]
    [TestCase(Nightly + "Europe/Berlin")]
    public async Task A_recurring_job_that_Hangfire_has_disabled_is_enabled_again(string id)
    {
        // As Hangfire leaves it: an error, and no next time.
        const string DisableSql = """
            DELETE FROM hangfire.hash WHERE key = 'recurring-job:' || @Id AND field = 'NextExecution';
            INSERT INTO hangfire.hash (key, field, value) VALUES ('recurring-job:' || @Id, 'Error', 'no such zone'), ('recurring-job:' || @Id, 'RetryAttempt', '10');
            UPDATE hangfire.set SET score = -1 WHERE key = 'recurring-jobs' AND value = @Id
            """;
        var schedules = _core.Get<Schedules>();
        await schedules.EnsureAllAsync(CancellationToken.None);
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync()) await connection.ExecuteAsync(DisableSql, new { Id = id });
        Assert.That(Jobs().Single(job => job.Id == id).NextExecution, Is.Null);

        await schedules.EnableAgainAsync(CancellationToken.None);

        var enabled = Jobs().Single(job => job.Id == id);
        Assert.That((enabled.NextExecution is not null, enabled.Error), Is.EqualTo((true, (string?)null)));
        await using var after = await _core.Database.DataSource.OpenConnectionAsync();
        Assert.That(await after.ExecuteScalarAsync<double>("SELECT score FROM hangfire.set WHERE key = 'recurring-jobs' AND value = @Id", new { Id = id }), Is.Positive, "it is due");
    }

    private List<RecurringJobDto> Jobs()
    {
        using var connection = _core.Get<JobStorage>().GetConnection();
        return connection.GetRecurringJobs();
    }

    private IEnumerable<string> Ids() => Jobs().Select(job => job.Id);
}
