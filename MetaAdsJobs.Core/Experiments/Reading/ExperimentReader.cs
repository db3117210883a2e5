using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Orchestrations.Listing;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Reading;

/// <summary>Which experiments to list. Days are UTC, of when one was begun.</summary>
/// <param name="CreatedBy">Who began it, as the audit names it.</param>
/// <param name="ChangedSince">Those that run, and those that were judged, decided or stopped since.</param>
/// <param name="ClipId">Whose run, or an edit since, was to show it.</param>
public sealed record ExperimentFilter(string? State = null, Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, string? CreatedBy = null, DateTimeOffset? ChangedSince = null, Guid? ClipId = null);

/// <summary>Reads experiments for people, newest first; and of one all there is.</summary>
public sealed class ExperimentReader(NpgsqlDataSource dataSource)
{
    public static readonly IReadOnlyList<string> States = ["running", "decided", "stopped"];
    private const int MostHistory = 400;

    private const string Columns = """
        e.id, e.name, e.social_account_id, a.name AS account, a.currency, e.thing, e.level, e.metric, e.state, CASE WHEN e.state <> 'running' THEN v.ending END AS ending,
        (SELECT x.name FROM experiment_variants x WHERE x.experiment_id = e.id AND x.nth = v.winner AND e.state <> 'running') AS winner,
        (SELECT x.name FROM experiment_variants x WHERE x.experiment_id = e.id AND x.nth = v.leader) AS leader, COALESCE(v.days, 0) AS days, v.until,
        (SELECT count(*)::int FROM experiment_variants x WHERE x.experiment_id = e.id) AS variants, e.request_id, o.status AS run_status,
        (SELECT c.meta_id FROM meta_campaigns c WHERE c.request_id = e.request_id LIMIT 1) AS campaign_id,
        (SELECT p.state FROM experiment_proposals p WHERE p.experiment_id = e.id ORDER BY p.created_at DESC, p.id DESC LIMIT 1) AS proposal,
        e.reopened, e.created_by, e.created_at, e.decided_at, e.judged_at, e.stopped_by, e.stopped_at
        """;

    // Of one that is decided the verdict that did it, though a later one may have looked at it again.
    private const string From = """
        JOIN social_accounts a ON a.id = e.social_account_id JOIN orchestrations o ON o.request_id = e.request_id
        LEFT JOIN LATERAL (SELECT * FROM experiment_verdicts v WHERE v.experiment_id = e.id ORDER BY v.no DESC LIMIT 1) v ON true
        """;

    public async Task<IReadOnlyList<ExperimentSummary>> ListAsync(ExperimentFilter filter, Guid? after, int limit, CancellationToken ct)
    {
        List<string> conditions = ["true"];
        if (filter.State is not null) conditions.Add("e.state = @State");
        if (filter.AccountId is not null) conditions.Add("e.social_account_id = @AccountId");
        if (after is not null) conditions.Add("e.id < @After");
        if (filter.Since is not null) conditions.Add("e.id >= @From");
        if (filter.Until is not null) conditions.Add("e.id < @Until");
        if (filter.CreatedBy is not null) conditions.Add("e.created_by = @CreatedBy");
        if (filter.ChangedSince is not null) conditions.Add("(e.state = 'running' OR GREATEST(e.judged_at, e.decided_at, e.stopped_at) >= @ChangedSince)");
        if (filter.ClipId is not null) conditions.Add("e.request_id IN (SELECT k.request_id FROM run_clips k WHERE k.clip_id = @ClipId)");
        AccountScope.AddTo(conditions, "e.social_account_id");
        var listSql = $"SELECT {Columns} FROM (SELECT * FROM experiments e WHERE {string.Join(" AND ", conditions)} ORDER BY e.id DESC LIMIT @Limit) e {From} ORDER BY e.id DESC";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ExperimentSummary>(new(listSql, new
        {
            filter.State, filter.AccountId, After = after, Limit = limit, Scope = AccountScope.Accounts, filter.CreatedBy, filter.ChangedSince, filter.ClipId,
            From = RunFilter.FirstOf(filter.Since), Until = RunFilter.FirstAfter(filter.Until),
        }, cancellationToken: ct))).AsList();
    }

    public async Task<ExperimentDetail?> FindAsync(Guid id, CancellationToken ct)
    {
        const string FindSql = $"""
            SELECT {Columns} FROM experiments e {From} WHERE e.id = @Id;
            SELECT e.plan::text AS plan, e.level = 'ad' AS are_ads, e.least_results, e.result_type, e.metric, e.smallest_difference::float8 AS smallest, e.attribution_days, e.most_days, e.planned_results::float8 AS planned FROM experiments e WHERE e.id = @Id;
            SELECT x.name, x.fields::text AS fields, COALESCE(d.meta_id, s.meta_id) AS meta_id FROM experiment_variants x JOIN experiments e ON e.id = x.experiment_id
            LEFT JOIN meta_adsets s ON s.request_id = e.request_id AND s.step = x.step LEFT JOIN meta_ads d ON e.level = 'ad' AND d.request_id = e.request_id AND d.step = x.step
            WHERE x.experiment_id = @Id ORDER BY x.nth;
            SELECT experiment_id, no, since, until, days, ending, winner, leader, losers, restated_on, gates::text AS gates, totals::text AS totals, comparisons::text AS comparisons, '[]' AS numbers
            FROM experiment_verdicts WHERE experiment_id = @Id ORDER BY no DESC LIMIT 1;
            SELECT p.id, p.verdict_no, p.state, p.created_at, p.withdrawn_why, p.accepted_by, p.accepted_at FROM experiment_proposals p WHERE p.experiment_id = @Id ORDER BY p.created_at DESC, p.id DESC;
            SELECT c.proposal_id, x.name AS variant, c.meta_id, c.action, c.daily_budget_cents, c.state, c.edit_id, d.state AS edit_status, c.refusal
            FROM experiment_proposals p JOIN experiment_changes c ON c.proposal_id = p.id JOIN experiment_variants x ON x.experiment_id = p.experiment_id AND x.nth = c.variant
            LEFT JOIN campaign_edits d ON d.edit_id = c.edit_id WHERE p.experiment_id = @Id ORDER BY c.action DESC, c.variant;
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var read = await connection.QueryMultipleAsync(new(FindSql, new { Id = id }, cancellationToken: ct));
        if (await read.ReadSingleOrDefaultAsync<ExperimentSummary>() is not { } summary) return null;
        var rules = await read.ReadSingleAsync<RulesRow>();
        var variants = (await read.ReadAsync<VariantRow>()).AsList();
        var verdict = (await read.ReadSingleOrDefaultAsync<VerdictRow>())?.ToVerdict();
        var proposals = (await read.ReadAsync<ProposalRow>()).AsList();
        var changes = (await read.ReadAsync<ChangeRow>()).ToLookup(row => row.ProposalId);
        var comparisons = verdict is null ? [] : Named(verdict.Comparisons, variants);
        IReadOnlyList<ExperimentGate> gates = verdict is null ? [] : [.. verdict.Gates.Select(gate => new ExperimentGate(gate.Name, gate.IsOpen, gate.Have, gate.Need))];
        return new()
        {
            Experiment = summary, Says = ExperimentWords.Of(summary, comparisons, gates, rules.Smallest * 100).ToString(), Limits = ExperimentWords.LimitsOf(summary.Level), Plan = JsonSerializer.Deserialize<ExperimentPlan>(rules.Plan, StartExperiment.Json)!,
            LeastResults = rules.LeastResults, ResultType = rules.ResultType, Variants = [.. variants.Select((row, nth) => Of(row, nth, rules.ToRules(variants.Count), verdict))], Comparisons = comparisons, Gates = gates,
            Proposals = [.. proposals.Select(row => row.With([.. changes[row.Id].Select(change => change.ToChange())]))],
        };
    }

    /// <summary>The earliest first.</summary>
    /// <returns>Null when there is no such experiment.</returns>
    public async Task<IReadOnlyList<ExperimentHistory>?> HistoryAsync(Guid id, CancellationToken ct)
    {
        const string HistorySql = """
            SELECT name FROM experiment_variants WHERE experiment_id = @Id ORDER BY nth;
            SELECT no, judged_at, until, days, ending, is_reopened, gates::text AS gates, comparisons::text AS comparisons FROM experiment_verdicts WHERE experiment_id = @Id ORDER BY no DESC LIMIT @MostHistory;
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var read = await connection.QueryMultipleAsync(new(HistorySql, new { Id = id, MostHistory }, cancellationToken: ct));
        var names = (await read.ReadAsync<string>()).Select(name => new VariantRow { Name = name }).ToList();
        if (names.Count == 0) return null;
        return [.. (await read.ReadAsync<HistoryRow>()).Reverse().Select(row => new ExperimentHistory
        {
            No = row.No, JudgedAt = row.JudgedAt, Until = row.Until, Days = row.Days, Ending = row.Ending, IsReopened = row.IsReopened,
            ShutGates = [.. VerdictJson.Read<IReadOnlyList<Gate>>(row.Gates).Where(gate => !gate.IsOpen).Select(gate => gate.Name)],
            BesideFirst = Named([.. VerdictJson.Read<IReadOnlyList<Comparison>>(row.Comparisons).Where(pair => pair.From == 0)], names),
        })];
    }

    private static ExperimentVariant Of(VariantRow row, int nth, ExperimentRules rules, Verdict? verdict)
    {
        var total = verdict?.Totals[nth] ?? default;
        var (spend, ratio) = (verdict?.Totals.Sum(one => one.Spend) ?? 0, DayBlocks.Of(rules, total));
        double? amount = ratio <= 0 ? null : rules.Metric == ExperimentMetric.CostPerResult ? 1 / ratio : ratio;
        return new(row.Name, JsonSerializer.Deserialize<JsonElement>(row.Fields), row.MetaId, (long)total.Impressions, (long)total.LinkClicks, Amount(total.Spend), Amount(total.Results), Amount(total.Value), amount, spend > 0 ? total.Spend / spend : null,
            verdict?.Comparisons.FirstOrDefault(pair => pair.From == 0 && pair.To == nth)?.Chance, verdict is { Ending: not null } && verdict.Winner == nth, verdict?.Losers.Contains(nth) == true);
    }

    // As Meta tells it: four decimals.
    private static decimal Amount(double sum) => Math.Round((decimal)sum, 4) / 1.0000000000000000000000000000m;

    private static List<ExperimentComparison> Named(IReadOnlyList<Comparison> pairs, List<VariantRow> variants) => [.. pairs.Select(pair => new ExperimentComparison(
        variants[pair.From].Name, variants[pair.To].Name, pair.Effect, pair.Low, pair.High, pair.P, pair.LossOfTaking, pair.LossOfLeaving, pair.Overdispersion))];

    private sealed record RulesRow
    {
        public string Plan { get; init; } = "";
        public bool AreAds { get; init; }
        public int LeastResults { get; init; }
        public string? ResultType { get; init; }
        public string Metric { get; init; } = "";
        public double Smallest { get; init; }
        public int AttributionDays { get; init; }
        public int MostDays { get; init; }
        public double Planned { get; init; }

        public ExperimentRules ToRules(int variants) =>
            new() { Metric = Metric, AreAds = AreAds, Variants = variants, Smallest = Smallest, LeastResults = LeastResults, AttributionDays = AttributionDays, MostDays = MostDays, PlannedResults = Planned };
    }

    private sealed record VariantRow
    {
        public string Name { get; init; } = "";
        public string Fields { get; init; } = "{}";
        public string? MetaId { get; init; }
    }

    private sealed record HistoryRow
    {
        public int No { get; init; }
        public DateTimeOffset JudgedAt { get; init; }
        public DateOnly? Until { get; init; }
        public int Days { get; init; }
        public string? Ending { get; init; }
        public bool IsReopened { get; init; }
        public string Gates { get; init; } = "[]";
        public string Comparisons { get; init; } = "[]";
    }

    private sealed record ProposalRow
    {
        public Guid Id { get; init; }
        public int VerdictNo { get; init; }
        public string State { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public string? WithdrawnWhy { get; init; }
        public string? AcceptedBy { get; init; }
        public DateTimeOffset? AcceptedAt { get; init; }

        public ExperimentProposal With(IReadOnlyList<ProposalChange> changes) => new()
        {
            Id = Id, VerdictNo = VerdictNo, State = State, CreatedAt = CreatedAt, WithdrawnWhy = WithdrawnWhy, AcceptedBy = AcceptedBy, AcceptedAt = AcceptedAt, Changes = changes,
        };
    }

    private sealed record ChangeRow
    {
        public Guid ProposalId { get; init; }
        public string Variant { get; init; } = "";
        public string MetaId { get; init; } = "";
        public string Action { get; init; } = "";
        public long? DailyBudgetCents { get; init; }
        public string State { get; init; } = "";
        public Guid? EditId { get; init; }
        public string? EditStatus { get; init; }
        public string? Refusal { get; init; }

        public ProposalChange ToChange() => new(Variant, MetaId, Action, DailyBudgetCents, State, EditId, EditStatus, Refusal);
    }
}
