using System.Collections.Frozen;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What is spent and when: one of two budgets, the times of its run.</summary>
internal static class BudgetValidation
{
    private const string Daily = "daily_budget_cents";
    private const string Lifetime = "lifetime_budget_cents";
    private const string At = "budget_at";
    private const string OfCampaign = "campaign";
    private const string Least = "min_spend_cents";
    private const string Greatest = "max_spend_cents";
    private const string Start = "start_time";
    private const string End = "end_time";
    public const long Most = 10_000_000_000_000;
    private static readonly FrozenSet<string> Places = FrozenSet.Create(StringComparer.Ordinal, OfCampaign, "ad_sets");
    private static readonly TimeSpan Farthest = TimeSpan.FromDays(366);

    /// <summary>What is wrong whenever it is read: a replay must not depend on the time of day.</summary>
    public static OrchestrationRequest Read(JsonFields fields, OrchestrationRequest request)
    {
        var (daily, lifetime) = (fields.Whole(Daily, 1, Most), fields.Whole(Lifetime, 1, Most));
        var (start, end) = (fields.Moment(Start), fields.Moment(End));
        if (fields.Has(Daily) && fields.Has(Lifetime)) fields.Refuse(Lifetime, $"cannot be given together with {Daily}");
        if (fields.IsObject && !fields.Has(Daily) && !fields.Has(Lifetime)) fields.Refuse(Daily, $"is required, unless {Lifetime} is given");
        if (fields.Has(Lifetime) && !fields.Has(End)) fields.Refuse(End, $"is required: a {Lifetime} is spent until then");
        if (end <= start) fields.Refuse(End, $"must be after {Start}");
        var at = fields.Word(At, Places);
        var (least, most) = (fields.Whole(Least, 1, Most), fields.Whole(Greatest, 1, Most));
        foreach (var name in (string[])[Least, Greatest])
            if (fields.Has(name) && at != OfCampaign) fields.Refuse(name, $"is only for ad sets of a campaign whose {At} is {OfCampaign}");
        if (least > most) fields.Refuse(Least, $"must not be greater than {Greatest}, {most}");
        if (least > (daily ?? lifetime)) fields.Refuse(Least, $"must not be greater than the campaign's budget, {daily ?? lifetime}");
        request = request with { BudgetAt = at == OfCampaign ? at : null, MinSpendCents = least, MaxSpendCents = most };
        return request with { DailyBudgetCents = daily, LifetimeBudgetCents = lifetime, StartTime = start, EndTime = end };
    }

    /// <summary>What is wrong today.</summary>
    public static void CheckNow(JsonFields fields, DateTimeOffset now, FieldErrors errors)
    {
        if (fields.Moment(End) <= now) errors.Add(End, "must be in the future");
        if (fields.Moment(Start) is { } start && (start - now).Duration() > Farthest) errors.Add(Start, "must be within a year from now");
    }

    /// <summary>What is wrong for this account: Meta's units of its currency, and Meta's least and most for a day.</summary>
    public static void CheckAgainst(SocialAccount account, SpendingCaps caps, JsonFields fields, DateTimeOffset now, FieldErrors errors)
    {
        foreach (var name in (string[])["bid_amount_cents", Least, Greatest])
            if (fields.Whole(name, 1, Most) is { } amount) Units(account, errors, name, amount);
        // Checked as a whole: CheckCampaign.
        if (fields.Text(At) == OfCampaign) return;
        if (fields.Whole(Daily, 1, long.MaxValue) is { } daily) CheckDay(account, caps, errors, Daily, daily, days: 1);
        else if (fields.Whole(Lifetime, 1, long.MaxValue) is { } lifetime && fields.Moment(End) is { } end)
            CheckDay(account, caps, errors, Lifetime, lifetime, Schedule.Days(fields.Moment(Start), end, now));
    }

    /// <summary>The same of a budget that is the campaign's.</summary>
    public static void CheckCampaign(SocialAccount account, SpendingCaps caps, OrchestrationRequest request, DateTimeOffset now, FieldErrors errors)
    {
        if (request.DailyBudgetCents is { } daily) CheckDay(account, caps, errors, Daily, daily, days: 1);
        else if (request is { LifetimeBudgetCents: { } lifetime, LatestEnd: { } end }) CheckDay(account, caps, errors, Lifetime, lifetime, Schedule.Days(request.FirstStart, end, now));
    }

    /// <summary>One budget over its days.</summary>
    public static void CheckDay(SocialAccount account, SpendingCaps caps, FieldErrors errors, string name, long hundredths, long days)
    {
        if (Units(account, errors, name, hundredths) is not { } units) return;
        var over = days == 1 ? "" : $" for its {days} days";
        if (account.MinDailyBudget is { } minimum && units / days < minimum)
            errors.Add(name, $"must be at least {Currency.ToHundredths(account.Currency, minimum) * days}{over}: Meta's minimum for a day in this account");
        if (caps.RefusalOf(account, Schedule.PerDay(hundredths, days)) is { } tooMuch) errors.Add(name, tooMuch);
        if (account.Currency == "USD" && hundredths / days > 100_000_000)
            errors.Add(name, $"must be at most {100_000_000 * days}{over}: Meta refuses more than 1 million USD a day");
    }

    /// <summary>In Meta's units; told where that is no whole number.</summary>
    public static long? Units(SocialAccount account, FieldErrors errors, string name, long hundredths)
    {
        var units = Currency.FromHundredths(account.Currency, hundredths);
        if (units is null) errors.Add(name, $"must be a multiple of 100: {account.Currency} has no smaller unit at Meta, and the field counts hundredths");
        return units;
    }
}
