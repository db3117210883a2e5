using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Core.Batches;

/// <summary>What would become of a row.</summary>
/// <param name="State">create, existing (it is there already, or failed before and is unchanged) or anew (in the place of one that failed or was never begun).</param>
/// <param name="RequestId">The earlier run, of one that existed.</param>
public sealed record PlannedRow(int Row, string RowId, Guid SocialAccountId, string State, string? CampaignName, int AdSets, int Ads, long DailyBudgetCents, Guid? RequestId);

/// <summary>What the rows of one account come to.</summary>
/// <param name="Rows">To be made.</param>
/// <param name="Existing">Nothing is made for these.</param>
/// <param name="DailyBudgetCents">Of what is made, together; lifetime budgets over their days.</param>
/// <param name="Changes">Calls that change something at Meta: each thing made, each clip brought there, each thing activated.</param>
/// <param name="Seconds">The least that these take under the limit of changes a second of one ad account.</param>
public sealed record PlannedAccount(Guid SocialAccountId, string Name, string Currency, int Rows, int Existing, long DailyBudgetCents, int Changes, int Seconds);

/// <summary>What a file would do, and how long it takes at the least: accounts are worked on side by side.</summary>
public sealed record BatchPlan(int RowCount, int ToCreate, int Existing, int Seconds, IReadOnlyList<PlannedAccount> Accounts, IReadOnlyList<PlannedRow> Rows)
{
    internal static BatchPlan Of(IReadOnlyList<PlacedRow> rows, MetaOptions meta, DateTimeOffset now)
    {
        var accounts = rows.GroupBy(row => row.Row.Account.Id).Select(group => OfAccount([.. group], meta, now)).OrderBy(account => account.Name, StringComparer.Ordinal).ToList();
        return new(rows.Count, rows.Count(row => !row.IsAgain), rows.Count(row => row.IsAgain), accounts.Max(account => account.Seconds), accounts, [.. rows.Select(row => OfRow(row, now))]);
    }

    private static PlannedRow OfRow(PlacedRow placed, DateTimeOffset now)
    {
        var (row, shape) = (placed.Row, new TreeShape(placed.Row.Request));
        return new(row.Number, row.RowId, row.Account.Id, placed.IsAgain ? "existing" : placed.Earlier is null ? "create" : "anew", row.CampaignName, shape.NewAdSets.Count(), shape.Ads.Count,
            row.Request.DailyAmountCents(now), placed.IsAgain ? placed.Earlier!.RequestId : null);
    }

    private static PlannedAccount OfAccount(IReadOnlyList<PlacedRow> rows, MetaOptions meta, DateTimeOffset now)
    {
        var made = rows.Where(row => !row.IsAgain).Select(row => row.Row).ToList();
        var changes = made.Sum(row => ChangesOf(row.Request)) + made.SelectMany(row => RequestParts.ClipsOf(CheckRows.BodyOf(row.Sent, row.CampaignName))).Distinct().Count();
        var account = rows[0].Row.Account;
        return new(account.Id, account.Name, account.Currency, made.Count, rows.Count - made.Count, made.Sum(row => row.Request.DailyAmountCents(now)), changes,
            (int)Math.Ceiling((double)changes / meta.MutationsPerSecond));
    }

    private static int ChangesOf(OrchestrationRequest request)
    {
        var shape = new TreeShape(request);
        return shape.LastFirst.Count() + (request.AutoPublish ? shape.Switches.Count() : 0);
    }
}
