using System.Text.Json;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Statistics;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Experiments.Simulating;

/// <summary>A night of an experiment in a market that is made up.</summary>
/// <param name="Days">That count.</param>
/// <param name="Effect">By how much the last variant seems better than the first, as a share.</param>
/// <param name="Low">From where on that is sure, however often one looks.</param>
public sealed record SimulatedNight(int Night, int Days, string? Ending, IReadOnlyList<string> ShutGates, double? Effect, double? Low, double? High);

/// <param name="ResultsPerVariant">By the plan.</param>
/// <param name="Right">So many of the runs found the variant that is better.</param>
/// <param name="Wrong">So many found one that is not.</param>
/// <param name="Open">So many had not ended when their time was over.</param>
/// <param name="AverageDays">Of those that have ended.</param>
/// <param name="Nights">Of the first run.</param>
public sealed record SimulatedExperiments(
    string Scenario, int Seed, int Runs, double ResultsPerVariant, int Right, int Wrong, int NoDifference, int NotEnoughData, int Open, double? AverageDays, IReadOnlyList<SimulatedNight> Nights);

/// <summary>Experiments in a market that is made up, judged night by night by the very code that judges what is stored. The last variant is so much better than all others.</summary>
public sealed record ExperimentSimulation(string Scenario, string Level, string Metric, int Variants, double Better, double Smallest, double ResultsADay, int Days, int LeastResults, int AttributionDays, int Runs, int Seed)
{
    private const int MostRuns = 200;

    // Runs, days and pairs of variants together: some seconds of a core.
    private const long Largest = 40_000;
    private static readonly HashSet<string> Scenarios = [.. MarketScenario.All];

    /// <returns>Null when something is wrong.</returns>
    public static (ExperimentSimulation? Simulation, FieldErrors Errors) Read(JsonElement body)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var (level, metric) = (fields.Word("level", ExperimentLevel.All.ToHashSet()) ?? ExperimentLevel.AdSet, fields.Word("metric", ExperimentMetric.All.ToHashSet()) ?? ExperimentMetric.CostPerResult);
        if (level == ExperimentLevel.Ad && metric == ExperimentMetric.ValuePerSpend) fields.Refuse("metric", "cannot be value_per_spend of ads in one ad set");
        var days = fields.Whole("days", 7, 84) ?? 42;
        if (days % 7 > 0) fields.Refuse("days", "must be whole weeks");
        var simulation = new ExperimentSimulation(fields.Word("scenario", Scenarios) ?? MarketScenario.Stable, level, metric, (int?)fields.Whole("variants", 2, 5) ?? 2, (double?)fields.Decimal("better_percent", 0, 200, 2) / 100 ?? 0.2,
            ((double?)fields.Whole("smallest_difference_percent", 5, 200) ?? 20) / 100, (double?)fields.Decimal("results_a_day", 0.1m, 1000, 2) ?? 20, (int)days, (int?)fields.Whole("least_results", 10, 100_000) ?? 50,
            (int?)fields.Whole("attribution_days", 0, 27) ?? 7, (int?)fields.Whole("runs", 1, MostRuns) ?? 1, (int?)fields.Whole("seed", 0, int.MaxValue) ?? 1);
        if (simulation.Runs * simulation.Days * (long)simulation.Pairs > Largest) fields.Refuse("runs", $"are too many: runs, days and pairs of variants ({simulation.Pairs} here) may come to {Largest} when multiplied");
        fields.RefuseUnknown();
        return (errors.Any ? null : simulation, errors);
    }

    private int Pairs => Variants * (Variants - 1) / 2;

    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public SimulatedExperiments Run(CancellationToken ct)
    {
        var market = Market.Of(Scenario, [.. Enumerable.Repeat(1.0, Variants - 1), 1 + Better], ResultsADay, Days, Level == ExperimentLevel.Ad);
        var rules = new ExperimentRules
        {
            Metric = Metric, AreAds = Level == ExperimentLevel.Ad, Variants = Variants, Smallest = Smallest, LeastResults = LeastResults, AttributionDays = AttributionDays, MostDays = Days,
            PlannedResults = Math.Ceiling(PlannedSample.ResultsFor(Metric, Smallest, Variants, market.ClickRate, LeastResults)),
        };
        var runs = Enumerable.Range(0, Runs).Select(nth => Play(market, rules, unchecked(Seed + nth), ct)).ToList();
        var ends = runs.ConvertAll(nights => nights[^1].Verdict);
        var winners = ends.Where(end => end.Ending == ExperimentEnding.Winner).ToList();
        var right = winners.Count(end => Better > 0 && end.Winner == Variants - 1);
        return new(Scenario, Seed, Runs, rules.PlannedResults, right, winners.Count - right, ends.Count(end => end.Ending == ExperimentEnding.NoDifference), ends.Count(end => end.Ending == ExperimentEnding.NotEnough),
            ends.Count(end => end.Ending is null), ends.Exists(end => end.Ending is not null) ? ends.Where(end => end.Ending is not null).Average(end => end.Days) : null, [.. runs[0].Select(night => Told(night.Night, night.Verdict))]);
    }

    // Until it has ended, or nothing more can count.
    private static List<(int Night, Verdict Verdict)> Play(Market market, ExperimentRules rules, int seed, CancellationToken ct)
    {
        var nights = rules.MostDays + rules.AttributionDays + 1;
        var played = market.Play(nights, new Random(seed));
        var one = new JudgedExperiment
        {
            Id = Guid.Empty, Rules = rules, ResultType = null, BegunOn = Market.FirstDay.AddDays(-1), DecidedUntil = null, IsDecided = false, MetaIds = [], AdSets = [], DailyBudgetCents = [], LastNo = 0, Last = null, Proposal = null,
        };
        var told = new List<(int, Verdict)>();
        for (var night = 1; night <= nights; night++)
        {
            ct.ThrowIfCancellationRequested();
            var made = ExperimentNight.Of(one, Market.Seen(played, night));
            told.AddRange(made.Verdicts.Select(verdict => (night, verdict.Verdict)));
            if (made.Decides is not null) break;
            one = one with { LastNo = one.LastNo + made.Verdicts.Count, Last = made.Verdicts[^1].Verdict };
        }

        return told;
    }

    private static SimulatedNight Told(int night, Verdict verdict)
    {
        var pair = verdict.Comparisons.First(one => one.From == 0 && one.To == verdict.Totals.Count - 1);
        return new(night, verdict.Days, verdict.Ending, [.. verdict.Shut.Select(gate => gate.Name)], pair.Effect, pair.Low, pair.High);
    }
}
