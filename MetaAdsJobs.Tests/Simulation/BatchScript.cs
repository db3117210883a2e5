using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Batches;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Files of requests: sent, sent again by somebody impatient, mended, paused, resumed, cancelled; and what must have become of every row in the end.</summary>
internal sealed class BatchScript
{
    private const string Prefix = "Row ";
    private readonly History _history;
    private readonly int? _seed;
    private readonly List<Guid> _accepted = [];
    private bool _isCalm;

    /// <param name="weight">Of what the history has drawn: a seventh of them has batches; nought where it is kept for what it once showed.</param>
    public BatchScript(History history, int weight) => (_history, _seed) = (history, !history.IsOfNumbers && weight % 7 == 2 ? weight : null);

    public bool IsOn => _seed is not null;

    public void Plan()
    {
        if (_seed is not { } seed) return;
        var random = new Random(unchecked((seed * 17) + 3));
        for (var number = random.Next(1, 3); number > 0; number--)
        {
            var (name, at) = ($"{number}", random.Next(1, 200));
            var rows = Enumerable.Range(1, random.Next(2, 6)).Select(row => Row($"{number}.{row}", _history.Script.Accounts[random.Next(_history.Script.Accounts.Count)].Id, _history.Script.Clips[random.Next(3)], random.Next(2) == 0)).ToList();
            Send(at, name, () => rows);
            if (random.Next(2) == 0) Send(at + (random.Next(3) * 0.1), $"{name} once more", () => rows);
            for (var mended = random.Next(3); mended > 0; mended--)
            {
                var title = $"Mended {mended}";
                Send(at + random.Next(60, 800), $"{name}, mended,", () => Failed(rows, title));
            }

            for (var order = random.Next(4); order > 0; order--) Order(at + random.Next(1, 300), random.Next(6), random.Next(100));
        }
    }

    /// <summary>When nothing goes wrong any more: what is paused goes on.</summary>
    public void PlanCalm()
    {
        if (!IsOn) return;
        _isCalm = true;
        _history.Script.At(2, "resumes all batches", async (api, ct) =>
        {
            foreach (var batch in _accepted) await api.Get<OrderBatch>().ResumeAsync(batch, "client", ct);
        });
    }

    /// <summary>Whether any has not ended.</summary>
    public bool HasOpen()
    {
        if (!IsOn) return false;
        using var connection = _history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM batches WHERE completed_at IS NULL)");
    }

    /// <summary>Every row has one end, every run its row, and no row's ad is there twice.</summary>
    public async Task JudgeAsync(Npgsql.NpgsqlConnection connection)
    {
        if (!IsOn) return;
        var odd = await connection.QueryAsync<string>($"""
            SELECT 'row ' || r.row_id || ' has no end, but is ' || {BatchStore.StateSql} FROM {BatchStore.RowsSql} WHERE {BatchStore.StateSql} IN ('waiting', 'running')
            UNION ALL SELECT 'batch ' || batch_id || ' was not completed' FROM batches WHERE completed_at IS NULL
            UNION ALL SELECT campaign_name || ' was made ' || count(*) || ' times' FROM orchestrations WHERE campaign_name LIKE '{Prefix}%' AND status = 'succeeded' GROUP BY campaign_name HAVING count(*) > 1
            UNION ALL SELECT campaign_name || ' is a run of no row' FROM orchestrations o WHERE campaign_name LIKE '{Prefix}%' AND NOT EXISTS (SELECT 1 FROM batch_rows r WHERE r.request_id = o.request_id)
            UNION ALL SELECT 'row ' || row_id || ' has no earlier one that stands for it' FROM batch_rows r WHERE state = 'again' AND NOT EXISTS (SELECT 1 FROM batch_rows h WHERE h.batch_id = r.of_batch AND h.row = r.of_row AND h.row_id = r.row_id)
            """);
        foreach (var verdict in odd) _history.Judge.Condemn(verdict);
    }

    private void Send(double at, string name, Func<IReadOnlyList<JsonObject>> rows) => _history.Script.At(at, $"sends file {name}", async (api, ct) =>
    {
        if (rows() is not { Count: > 0 } sent) return;
        var body = JsonSerializer.SerializeToElement(new JsonObject { ["rows"] = new JsonArray([.. sent.Select(row => row.DeepClone())]) });
        var accepted = await api.Get<AcceptBatch>().OfJsonAsync(body, name, "client", dryRun: false, ct);
        // What was mended may have been made meanwhile by who mended it first.
        if (accepted is BatchAcceptance.Accepted { BatchId: var id })
        {
            _accepted.Add(id);
            _history.Name(id, $"file {name}");
        }
    });

    private void Order(double at, int kind, int which) => _history.Script.At(at, "orders something of a batch", async (api, ct) =>
    {
        // What would be paused then, nobody would resume.
        if (_accepted.Count == 0 || _isCalm) return;
        var (order, batch) = (api.Get<OrderBatch>(), _accepted[which % _accepted.Count]);
        await (kind switch { 0 => order.CancelAsync(batch, "client", ct), < 4 => order.PauseAsync(batch, "client", ct), _ => order.ResumeAsync(batch, "client", ct) });
    });

    private IReadOnlyList<JsonObject> Failed(IReadOnlyList<JsonObject> rows, string title)
    {
        using var connection = _history.Database.Aside.OpenConnection();
        var failed = connection.Query<string>("SELECT row_id FROM batch_rows r JOIN orchestrations o USING (request_id) WHERE r.holds AND o.status = 'failed'").ToHashSet();
        return [.. rows.Where(row => failed.Contains((string)row["row_id"]!)).Select(row =>
        {
            var mended = row.DeepClone().AsObject();
            mended["creative_title"] = title;
            return mended;
        })];
    }

    private static JsonObject Row(string id, Guid account, Guid clip, bool publishes) => JsonNode.Parse($$"""
        {"row_id":"{{id}}","social_account_id":"{{account}}","clip_id":"{{clip}}","campaign_name":"{{Prefix}}{row_id}","campaign_objective":"OUTCOME_TRAFFIC","daily_budget_cents":2000,
         "creative_title":"Title","landing_url":"https://example.com/","optimization_goal":"LINK_CLICKS","auto_publish":{{(publishes ? "true" : "false")}}}
        """)!.AsObject();
}
