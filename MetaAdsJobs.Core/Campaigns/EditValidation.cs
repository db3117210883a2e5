using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>What is wrong with an update, by field, before it is put on the queue.</summary>
internal static class EditValidation
{
    private const string Daily = "daily_budget_cents";
    private const string Lifetime = "lifetime_budget_cents";
    private const string End = "end_time";
    private const string Bid = "bid_amount_cents";
    private const string If = "if_budget_is";

    public static EditFields Read(JsonElement body, CampaignTree tree, TreeObject one, SocialAccount account, SpendingCaps caps, DateTimeOffset now, FieldErrors errors)
    {
        var fields = new JsonFields(body, errors);
        var read = new EditFields
        {
            Name = fields.Text("name", max: 200), DailyBudgetCents = fields.Whole(Daily, 1, BudgetValidation.Most), LifetimeBudgetCents = fields.Whole(Lifetime, 1, BudgetValidation.Most),
            EndTime = fields.Moment(End), BidAmountCents = fields.Whole(Bid, 1, BudgetValidation.Most), IfBudgetIs = fields.Whole(If, 1, BudgetValidation.Most),
        };
        var (hasTargeting, hasCreative) = (fields.Has(ContentValidation.Targeting), fields.Has(ContentValidation.Creative));
        fields.RefuseUnknown();
        foreach (var name in (string[])[Daily, Lifetime])
            if (fields.Has(name) && WhyNoBudget(tree, one, isDaily: name == Daily) is { } why) fields.Refuse(name, why);
        if (hasCreative && one.Kind != AdObject.Ad) fields.Refuse(ContentValidation.Creative, "is an ad's: change it there");
        foreach (var name in (string[])[End, Bid, ContentValidation.Targeting])
            if (fields.Has(name) && one.Kind != AdObject.AdSet) fields.Refuse(name, "is an ad set's: change it there");
        if (fields.Has(If) && read.BudgetCents is null) fields.Refuse(If, $"is only for a change of {Daily} or {Lifetime}");
        if (read.EndTime <= now) fields.Refuse(End, "must be in the future");
        if (read.EndTime <= one.Budget.StartTime) fields.Refuse(End, "must be after its start_time");
        if (errors.Any) return read;
        if (read is { Name: null, BudgetCents: null, EndTime: null, BidAmountCents: null } && !hasTargeting && !hasCreative)
            errors.Add("$", $"says nothing to change: give one of name, {Daily}, {Lifetime}, {End}, {Bid}, {ContentValidation.Targeting}, {ContentValidation.Creative}");
        if (read.BidAmountCents is { } bid) BudgetValidation.Units(account, errors, Bid, bid);
        if (read.DailyBudgetCents is { } daily) BudgetValidation.CheckDay(account, caps, errors, Daily, daily, days: 1);
        if (read.LifetimeBudgetCents is { } lifetime && (read.EndTime ?? one.Budget.EndTime ?? tree.LastEnd) is { } end)
            BudgetValidation.CheckDay(account, caps, errors, Lifetime, lifetime, Schedule.Days(one.Budget.StartTime, end, now));
        return read;
    }

    private static string? WhyNoBudget(CampaignTree tree, TreeObject one, bool isDaily)
    {
        if (one.Kind == AdObject.Ad) return "an ad has no budget: change that of its ad set or campaign";
        if (one.Kind == AdObject.Campaign && !one.Budget.IsAny) return "the budgets are the ad sets': change them there";
        if (one.Kind == AdObject.AdSet && tree.Campaign.Budget.IsAny) return $"the budget is the campaign's: change that of {tree.Campaign.MetaId}";
        return isDaily == one.Budget.Daily is not null ? null : $"Meta does not change one kind of budget into the other: it has a {(isDaily ? Lifetime : Daily)}";
    }
}
