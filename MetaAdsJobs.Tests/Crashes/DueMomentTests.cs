using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>How late activations are that have a time, while workers are killed at the very moment of some; DUE_CAMPAIGNS sets how many there are, 100 by default.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class DueMomentTests
{
    private const int Accounts = 5;
    private const int KilledAtEvery = 5;
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LaterEach = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1.5);

    [Test]
    public async Task Ninety_nine_in_a_hundred_are_activated_within_a_minute_though_workers_die_at_that_very_moment()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("DUE_CAMPAIGNS") ?? "100", CultureInfo.InvariantCulture);
        await using var service = await Service.StartProcessesAsync(workers: 2, database: await TestDatabase.CreateAsync(), ("WORKER_THREADS", "20"), ("ACCOUNT_DAILY_CAP_CENTS", "off"));
        service.Graph.Latency = TimeSpan.FromMilliseconds(100);
        using var client = service.Client();
        var accounts = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => client.AddAccountAsync()));
        var sample = await client.NewRequestAsync();
        // Late enough that all are built before the first is due.
        var first = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 30 + count);
        var moments = Enumerable.Range(0, count).Select(index => first + (Apart * index)).Select(at => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds())).ToList();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
        {
            for (var index = lane; index < count; index += 8)
            {
                var request = sample.DeepClone().AsObject();
                (request["social_account_id"], request["auto_publish"], request["activate_at"]) = (accounts[index % Accounts], true, moments[index].ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture));
                await client.AcceptAsync(request);
            }
        }));
        await Eventually.TrueAsync(async () => await RowsAsync("TRUE") == count, service.Progress, service.Unended);
        TestContext.Progress.WriteLine($"{count} are built, {(first - TimeProvider.System.GetUtcNow()).TotalSeconds:0} s before the first is due");

        var kills = 0;
        foreach (var moment in moments.Where((_, index) => index % KilledAtEvery == 0))
        {
            // At the moment itself, and in the midst of what is done then.
            if (moment + (LaterEach * (kills % 4)) - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } wait) await Task.Delay(wait, TimeProvider.System);
            await service.KillAndReplaceWorkerAsync(kills++ % 2);
        }

        await Eventually.TrueAsync(async () => await RowsAsync("completed_at IS NOT NULL") == count, service.Progress, service.Unended);
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        var late = (await connection.QueryAsync<(string State, double Seconds)>("SELECT state, extract(epoch FROM completed_at - due_at)::float8 FROM campaign_edits WHERE due_at IS NOT NULL ORDER BY 2")).ToList();
        var share = late.Count(one => one.State == "succeeded" && one.Seconds <= Promised.TotalSeconds) / (double)count;
        TestContext.Progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} activations over {Accounts} accounts, {kills} workers killed at the moment of one: {100 * share:0.#} % within {Promised.TotalSeconds} s; half within {late[count / 2].Seconds:0.0} s, 95 % within {late[count * 95 / 100].Seconds:0.0} s, the last after {late[^1].Seconds:0.0} s"));
        Assert.That(late.Select(one => one.State), Is.All.EqualTo("succeeded"));
        Assert.That(late[0].Seconds, Is.GreaterThanOrEqualTo(0), "not before its time");
        Assert.That(share, Is.GreaterThanOrEqualTo(0.99));

        Task<long> RowsAsync(string which) => service.Database.DataSource.RowsAsync($"campaign_edits WHERE due_at IS NOT NULL AND {which}");
    }
}
