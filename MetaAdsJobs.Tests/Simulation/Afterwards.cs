using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Jobs.Recurring;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What comes to pass once all has ended, by what goes on every minute or hour in earnest: then it is judged.</summary>
internal sealed class Afterwards(History history)
{
    public async Task RunAsync()
    {
        SweepOnceMore();
        CompareOnceMore();
        if (history.Judge.Verdicts.Count == 0) await history.Alerts.EndAsync(EvaluateAfter);
        history.Go(until: () => !history.Deliveries.HasOpen());
    }

    // What deaths have left in the staging table. Its schedules, of which there are none here, keep it from nothing else.
    private void SweepOnceMore()
    {
        if (history.Judge.Verdicts.Count > 0) return;
        if (history.Syncs.IsOn) Do("sweep", (worker, ct) => worker.Get<SweepJob>().RunAsync(ct));
        // Or behind the commit of a retirement.
        else if (history.Retires.IsOn) Do("sweep", (worker, ct) => worker.Get<Sweep>().RescueAsync(ct));
    }

    // What is called missing is asked for again after an hour, and what is being changed, a little later.
    private void CompareOnceMore()
    {
        for (var look = 0; history.AdoptSeed is not null && look < 3 && history.Judge.Verdicts.Count == 0; look++)
        {
            var (worker, isCompared, isLater) = (history.Workers[0], false, false);
            using (var connection = history.Database.Aside.OpenConnection()) connection.Execute("UPDATE meta_campaigns SET compare_at = clock_timestamp()");
            worker.Begin($"{worker.Name} compare", ct => worker.Get<CompareCampaigns>().RunAsync(100, ct), _ => isCompared = true);
            history.Clockwork.WaitUntilQuiet();
            history.Clockwork.Plan(TimeSpan.FromMinutes(65), null, null, "an hour later", () => isLater = true);
            history.Go(until: () => isCompared && isLater);
        }
    }

    private void EvaluateAfter(TimeSpan time)
    {
        var isLater = time == TimeSpan.Zero;
        if (!isLater) history.Clockwork.Plan(time, null, null, "the alerts are looked at later", () => isLater = true);
        history.Go(until: () => isLater);
        if (history.Judge.Verdicts.Count == 0) Do("evaluate", (worker, ct) => worker.Get<EvaluateAlerts>().ExecuteAsync(ct));
    }

    private void Do(string what, Func<SimProcess, CancellationToken, Task> act)
    {
        var (worker, isDone) = (history.Workers[0], false);
        worker.Begin($"{worker.Name} {what}", ct => act(worker, ct), _ => isDone = true);
        history.Clockwork.WaitUntilQuiet();
        history.Go(until: () => isDone);
    }
}
