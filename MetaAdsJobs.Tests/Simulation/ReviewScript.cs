using Dapper;
using MetaAdsJobs.Core.Orchestrations.Review;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Looks at what became of new objects, by several processes, as their loops make them; and whether what they have written is what Meta shows.</summary>
internal sealed class ReviewScript(History history, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Of a seventh.</summary>
    public bool IsOn { get; } = !history.IsOfNumbers && seed % 7 == 3;

    public void Plan()
    {
        if (!IsOn) return;
        history.Clockwork.Plan(TimeSpan.FromSeconds(_random.Next(5, 60)), null, null, "reviews", () =>
        {
            Plan();
            if (history.Workers.Where(worker => worker.IsAwake).ToList() is not { Count: > 0 } workers) return;
            var worker = workers[_random.Next(workers.Count)];
            worker.Begin($"{worker.Name} reviews", ct => worker.Get<ReviewObjects>().RunAsync(_random.Next(1, 6) * 10, ct), _ => { });
        });
    }

    /// <summary>All at once, when nothing changes any more: each row shows how its object stands, and none what another does.</summary>
    public async Task EndAsync(Action<Func<bool>> go)
    {
        if (!IsOn) return;
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        // Whoever has taken some before has three minutes, and whoever was refused comes again.
        for (var look = 0; look < 2; look++)
        {
            var (worker, isLooked, isLater) = (history.Workers[0], false, false);
            await connection.ExecuteAsync("UPDATE object_reviews SET next_at = clock_timestamp()");
            worker.Begin($"{worker.Name} reviews", ct => worker.Get<ReviewObjects>().RunAsync(50, ct), _ => isLooked = true);
            history.Clockwork.WaitUntilQuiet();
            history.Clockwork.Plan(TimeSpan.FromHours(1), null, null, "an hour later", () => isLater = true);
            go(() => isLooked && isLater);
        }

        foreach (var (metaId, shown) in await connection.QueryAsync<(string, string?)>("""
            SELECT meta_id, effective_status FROM (
                SELECT request_id, meta_id, effective_status FROM meta_campaigns UNION ALL SELECT request_id, meta_id, effective_status FROM meta_adsets
                UNION ALL SELECT request_id, meta_id, effective_status FROM meta_creatives UNION ALL SELECT request_id, meta_id, effective_status FROM meta_ads) one
            JOIN object_reviews USING (request_id) JOIN orchestrations o USING (request_id) JOIN social_accounts a ON a.id = o.social_account_id WHERE a.retired_at IS NULL AND (o.request -> 'campaign_id' IS NULL OR one.meta_id <> o.request ->> 'campaign_id')
            """))
            if (history.World.Objects.FirstOrDefault(one => one.Id == metaId) is { } thing && history.World.StatusOf(thing) is var status && status != shown)
                history.Judge.Condemn($"{thing.Kind} {metaId} is {status}, and the last look has written {shown ?? "nothing"}");
    }
}
