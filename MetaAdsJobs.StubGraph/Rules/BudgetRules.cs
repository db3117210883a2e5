using System.Globalization;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Budgets and bids: whole numbers in the currency's API unit, neither too small nor absurd.</summary>
internal static class BudgetRules
{
    /// <summary>A million dollars, Meta's cap for one budget.</summary>
    private const long Most = 100_000_000;

    public static bool HasBudget(StubCall call) => call.Text("daily_budget") is not null || call.Text("lifetime_budget") is not null;

    public static StubRefusal? Refuse(StubCall call) =>
        Budget(call, "daily_budget")
        ?? Budget(call, "lifetime_budget")
        ?? Whole(call, "bid_amount")
        ?? Whole(call, "spend_cap")
        ?? OnlyOne(call);

    public static StubRefusal? Bid(StubCall call) => call.Text("bid_strategy") switch
    {
        null or "LOWEST_COST_WITHOUT_CAP" => null,
        "LOWEST_COST_WITH_BID_CAP" or "COST_CAP" => call.Text("bid_amount") is null
            ? StubRefusal.Parameter("bid_amount", 1815857, "Bid amount required", "This bid strategy needs a bid_amount")
            : null,
        "LOWEST_COST_WITH_MIN_ROAS" => call.Text("bid_constraints") is null || call.Text("optimization_goal") != "VALUE"
            ? StubRefusal.Parameter("bid_constraints", "A minimum ROAS needs bid_constraints and the goal VALUE")
            : null,
        var other => StubRefusal.Parameter("bid_strategy", $"Unknown bid_strategy {other}"),
    };

    private static StubRefusal? Budget(StubCall call, string name)
    {
        if (call.Text(name) is null)
            return null;

        if (Whole(call, name) is { } refusal)
            return refusal;

        var amount = decimal.Parse(call.Text(name)!, CultureInfo.InvariantCulture);
        return amount switch
        {
            < StubAccounts.LeastDailyBudget => StubRefusal.Parameter(
                name, 1885272, "Budget is too low", $"The {name} must be at least {StubAccounts.LeastDailyBudget}"),
            > Most => StubRefusal.Parameter(name, 1885261, "Budget is too high", $"The {name} must be at most {Most}"),
            _ => null,
        };
    }

    private static StubRefusal? Whole(StubCall call, string name) =>
        call.Text(name) is { } text && !text.All(char.IsAsciiDigit) || call.Text(name)?.Length > 18
            ? StubRefusal.Parameter(name, $"Param {name} must be a non-negative integer")
            : null;

    private static StubRefusal? OnlyOne(StubCall call) =>
        call.Text("daily_budget") is not null && call.Text("lifetime_budget") is not null
            ? StubRefusal.Parameter("lifetime_budget", "Either daily_budget or lifetime_budget, not both")
            : null;
}
