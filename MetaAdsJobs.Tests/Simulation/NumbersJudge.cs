using Dapper;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Says whether the tables of numbers are as Meta has told them: each day whole, and as it was at one moment of the sync that stored it.</summary>
internal sealed class NumbersJudge(History history)
{
    // A claim's moment and a commit's are those of the process's own reading of the clock.
    private static readonly TimeSpan Blur = TimeSpan.FromSeconds(1);

    private sealed record Stored(DateOnly Day, string Ad, long? Impressions, long? Clicks, decimal? Spend, bool Vanished);

    private sealed record StoredDay(DateOnly Day, DateTimeOffset StartedAt, DateTimeOffset StoredAt, long Rows, long VanishedRows, decimal? Spend, long? Impressions, Guid SyncId);

    /// <summary>At every moment: no day is half a report, or two halves.</summary>
    public void Now()
    {
        if (!history.Syncs.IsOn || history.Judge.Verdicts.Count > 0) return;
        using var connection = history.Database.Aside.OpenConnection();
        foreach (var account in history.Script.Accounts)
        {
            var rows = RowsOf(connection, account.Id).ToLookup(row => row.Day);
            var days = connection.Query<StoredDay>("""
                SELECT d.date_start AS day, s.started_at, GREATEST(d.synced_at, (SELECT max(i.synced_at) FROM meta_ad_insights i WHERE i.social_account_id = d.social_account_id AND i.date_start = d.date_start)) AS stored_at, d.rows, d.vanished_rows, d.total_spend AS spend, d.impressions, d.sync_id
                FROM insight_days d JOIN insight_syncs s USING (sync_id) WHERE d.social_account_id = @Id
                """, new { account.Id }).ToDictionary(day => day.Day);
            foreach (var day in rows.Where(day => !days.ContainsKey(day.Key))) history.Judge.Condemn($"{account.Name} has rows of {day.Key:MM-dd}, which no sync has stored");
            foreach (var day in days.Values) JudgeDay(account.AdAccountId, $"{account.Name}, {day.Day:MM-dd}, stored by {history.NameOf(day.SyncId)}", day, [.. rows[day.Day]]);
        }
    }

    private void JudgeDay(string account, string name, StoredDay day, List<Stored> rows)
    {
        var (since, until) = (day.StartedAt - Blur, day.StoredAt + Blur);
        var generations = Enumerable.Range(history.Numbers.Generation(account, since), history.Numbers.Generation(account, until) - history.Numbers.Generation(account, since) + 1).ToList();
        var differences = generations.Select(generation => Difference(account, day.Day, generation, rows, isLast: false)).ToList();
        if (differences.TrueForAll(difference => difference is not null) && !history.Numbers.WasCut(account, since, until))
            history.Judge.Condemn($"{name}, is none of generations {string.Join(", ", generations)}: {string.Join(" | ", differences)}");
        if (day.Rows != rows.Count(row => !row.Vanished) || day.VanishedRows != rows.Count(row => row.Vanished)
            || day.Spend.GetValueOrDefault() != rows.Sum(row => row.Spend ?? 0) || day.Impressions.GetValueOrDefault() != rows.Sum(row => row.Impressions ?? 0))
            history.Judge.Condemn($"{name}, its sums are not those of its rows: {day}");
    }

    /// <returns>Null when the rows are what Meta told in this generation.</returns>
    private string? Difference(string account, DateOnly day, int generation, List<Stored> rows, bool isLast)
    {
        var told = history.Numbers.Of(account, day, generation).ToDictionary(one => one.AdId);
        var wrong = new List<string>();
        foreach (var row in rows)
        {
            // Archived ads are asked for only when they are needed, and are taken for vanished when not.
            if (!told.TryGetValue(row.Ad, out var one)) wrong.AddRange(row.Vanished ? [] : [$"{row.Ad} is not in it"]);
            else if (row.Vanished && !one.IsArchived) wrong.Add($"{row.Ad} has vanished");
            else if ((row.Impressions, row.Clicks, row.Spend) != (one.Impressions, one.Clicks, one.Spend)) wrong.Add($"{row.Ad} {row.Impressions}, it says {one.Impressions}");
        }

        wrong.AddRange(told.Values.Where(one => (isLast || !one.IsArchived) && !rows.Exists(row => row.Ad == one.AdId)).Select(one => $"{one.AdId} is missing"));
        return wrong.Count == 0 ? null : $"{generation}: {string.Join(", ", wrong)}";
    }

    /// <summary>When everything has ended: what stands there is what Meta says.</summary>
    public async Task EndAsync()
    {
        if (!history.Syncs.IsOn) return;
        Now();
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        var accounts = history.Script.Accounts.Select(account => account.Id).ToArray();
        var syncs = (await connection.QueryAsync<(Guid Id, string State, bool Holding, string? Error, int Days)>(
            "SELECT sync_id, state, holding, error, until - since + 1 FROM insight_syncs WHERE social_account_id = ANY(@accounts)", new { accounts })).ToList();
        foreach (var sync in syncs)
        {
            if (sync.State is not ("succeeded" or "failed")) history.Judge.Condemn($"{history.NameOf(sync.Id)} is {sync.State}");
            if (sync.Holding) history.Judge.Condemn($"{history.NameOf(sync.Id)} has ended and holds its account");
            if (sync.State == "failed" && history.IsQuiet) history.Judge.Condemn($"{history.NameOf(sync.Id)} failed, and nothing went wrong: {sync.Error}");
        }

        foreach (var asked in history.Syncs.Asked)
        {
            var state = syncs.Find(sync => sync.Id == asked.SyncId).State;
            if ((state is null && asked.SyncId is not null) || (asked.IsLast && state != "succeeded")) history.Judge.Condemn($"{asked.Name} was asked for and is {state ?? "nowhere"}: {syncs.Find(sync => sync.Id == asked.SyncId).Error}");
        }

        if (await connection.ExecuteScalarAsync<long>("SELECT (SELECT count(*) FROM insight_staging) + (SELECT count(*) FROM insight_staging_marks)") is > 0 and var left)
            history.Judge.Condemn($"{left} rows are left in the staging table");
        var today = AccountDays.Today(SyncScript.Zone, history.Clockwork.Now);
        foreach (var account in history.Script.Accounts)
        {
            var rows = RowsOf(connection, account.Id).ToLookup(row => row.Day);
            foreach (var day in rows)
                if (Difference(account.AdAccountId, day.Key, history.Numbers.Generation(account.AdAccountId, history.Clockwork.Now), [.. day], isLast: day.Key < today) is { } difference)
                    history.Judge.Condemn($"{account.Name}, {day.Key:MM-dd} is not what Meta says at the end: {difference}");
            var changes = connection.Query<(DateOnly, string, string, decimal?, decimal?)>("""
                SELECT date_start, object_id, metric, old_value, new_value FROM insight_changes
                WHERE social_account_id = @Id AND metric IN ('impressions', 'clicks', 'spend') ORDER BY date_start, object_id, metric, changed_at
                """, new { account.Id }).ToLookup(change => (Day: change.Item1, Ad: change.Item2, Metric: change.Item3), change => (Old: change.Item4, New: change.Item5));
            foreach (var chain in changes) JudgeChain(account.Name, chain.Key, [.. chain], rows[chain.Key.Day].Single(row => row.Ad == chain.Key.Ad));
        }
    }

    // From value to value, and at last to the one that stands there.
    private void JudgeChain(string account, (DateOnly Day, string Ad, string Metric) key, List<(decimal? Old, decimal? New)> chain, Stored row)
    {
        var now = key.Metric switch { "impressions" => row.Impressions, "clicks" => row.Clicks, _ => row.Spend };
        for (var at = 0; at < chain.Count; at++)
        {
            var next = at + 1 < chain.Count ? chain[at + 1].Old : now;
            if (chain[at].New == next) continue;
            history.Judge.Condemn($"{account}, {key}: {string.Join(", ", chain.Select(change => $"{change.Old} -> {change.New}"))}, and stands at {now}");
            return;
        }
    }

    private static IEnumerable<Stored> RowsOf(Npgsql.NpgsqlConnection connection, Guid accountId) => connection.Query<Stored>("""
        SELECT date_start AS day, ad_meta_id AS ad, impressions, clicks, spend, vanished_at IS NOT NULL AS vanished FROM meta_ad_insights WHERE social_account_id = @accountId ORDER BY 1, 2
        """, new { accountId });
}
