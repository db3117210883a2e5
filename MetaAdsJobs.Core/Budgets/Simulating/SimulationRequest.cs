using System.Text.Json;
using MetaAdsJobs.Core.Statistics;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Budgets.Simulating;

/// <summary>Which market is made up.</summary>
public sealed record SimulationRequest(string Scenario, int Members, int Days, decimal DailyBudget, double LeastGainPercent, int Seed)
{
    private static readonly HashSet<string> Scenarios = [.. MarketScenario.All];

    /// <returns>Null when something is wrong.</returns>
    public static (SimulationRequest? Request, FieldErrors Errors) Read(JsonElement body)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var request = new SimulationRequest(fields.Word("scenario", Scenarios) ?? MarketScenario.Stable, (int?)fields.Whole("members", 2, 20) ?? 5, (int?)fields.Whole("days", 7, 120) ?? 42, fields.Decimal("daily_budget", 1, 1_000_000, 2) ?? 500,
            (double?)fields.Decimal("least_gain_percent", 0, 100, 2) ?? 2, (int?)fields.Whole("seed", 0, int.MaxValue) ?? 1);
        fields.RefuseUnknown();
        return (errors.Any ? null : request, errors);
    }

    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public SimulatedMarket Run(CancellationToken ct) => SimulateBudgets.Run(Scenario, Members, Days, DailyBudget, LeastGainPercent, Seed, ct);
}
