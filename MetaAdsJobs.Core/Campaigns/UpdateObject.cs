using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>
/// Changes an object's name, budget, end, bid, whom it addresses or what it shows: what differs at Meta, and only that. A raise that can be spent has a permit first; a lowering
/// never waits for one, and neither does another audience or content: they spend the same budget.
/// </summary>
internal sealed class UpdateObject(NpgsqlDataSource dataSource, EditStore store, MetaEdits edits, MakeCreative creatives, Activations activations, CountedCampaigns counted, SpendingCaps caps, TimeProvider time)
{
    /// <summary>Edits of an object's budget within an hour; Meta refuses more (613/1487632), and its refusal holds up the whole account. Source: second-hand (meta-graph.md D).</summary>
    internal const int BudgetEditsAnHour = 4;

    public async Task<EditEnd> RunAsync(EditClaim claim, CancellationToken ct)
    {
        var (now, wanted, metaId) = (time.GetUtcNow(), claim.Fields, claim.Object.MetaId);
        var read = await edits.ReadAsync(claim.Credential, claim.Object.Kind, metaId, ct);
        if (read is not { Status: not ("DELETED" or "ARCHIVED") } seen)
            return EditEnd.Failing($"the {EditWords.Of(claim.Object.Kind)} is deleted or archived at Meta") with { Objects = read is null ? [] : [new Edited(metaId, read.Status)] };
        // What a stop has paused is to be on again, also what is known here as off: it was found on.
        var (found, stands) = (Found(claim, seen), claim.Tree.With(claim.PausedIds, one => one.IsGone ? one : one with { Status = "ACTIVE" }).AsSeen(new Dictionary<string, ObjectValues> { [metaId] = seen }));
        if (wanted.IfBudgetIs is { } expected && found.BudgetCents != expected && found.BudgetCents != wanted.BudgetCents)
            return EditEnd.Failing(string.Create(CultureInfo.InvariantCulture, $"if_budget_is was {expected}, and at Meta it is {found.BudgetCents?.ToString(CultureInfo.InvariantCulture) ?? "none"}: somebody else has changed it; nothing was changed")) with
            {
                // Counted at once. The comparison that follows takes it over, and tells of it: until then whoever looks here expects the same in vain again.
                Found = found, DailyCents = claim.IsCounted ? stands.DailyAmountCents(now) : null, EndsAt = stands.LastEnd,
            };
        if (claim.Making is { } making && await creatives.MakeAsync(making, ct) is { } notYet) return notYet with { Found = found };
        var addressed = wanted.Targeting is null ? null : await edits.ReadTargetingAsync(claim.Credential, metaId, ct);
        if (addressed?.Targeting is { } kept) found = found with { Targeting = TargetingValidation.ReadKept(kept).Targeting };
        var edited = Wanted(claim.Tree, claim.Object, wanted) with { CreativeId = claim.Making?.Attempt.MetaId(claim.Making.Step) };
        var fields = Differing(wanted, edited, seen, addressed);
        var after = stands.With([metaId], one => one with
        {
            Budget = one.Budget with { Daily = edited.DailyBudget ?? one.Budget.Daily, Lifetime = edited.LifetimeBudget ?? one.Budget.Lifetime, EndTime = edited.EndTime ?? one.Budget.EndTime },
        });
        var succeeded = EditEnd.Succeeded(found, edited) with { DailyCents = claim.IsCounted ? after.DailyAmountCents(now) : null, EndsAt = after.LastEnd, Before = claim.IsCounted ? (stands.DailyAmountCents(now), stands.LastEnd) : null, Shows = claim.Making };
        if (fields.Encoded.Count == 0)
        {
            // Perhaps an attempt did it whose process died.
            var all = All(wanted, edited);
            if (claim.Attempt > 1 && !await ChangeLog.IsToldAsync(dataSource, claim.Tree.RequestId, metaId, all, claim.AskedAt, ct)) claim.Credential.Changes.AddPerhapsSent(metaId, all, now);
            return succeeded;
        }

        var isBudget = edited.DailyBudget is not null || edited.LifetimeBudget is not null;
        if (isBudget && await store.ListBudgetEditsAsync(claim, ct) is { Count: >= BudgetEditsAnHour } sent)
            return EditEnd.Waiting(sent[^BudgetEditsAnHour].AddHours(1), $"its budget was changed {BudgetEditsAnHour} times within an hour, and Meta takes no more");
        var credential = claim.Credential.Unyielding();
        var isPermitted = false;
        // Of what stands at Meta: somebody may have lowered it there. One whose end has passed counts no more: with a later end it would again. One whose end is to come goes on counting from before the call,
        // lest its room be given away when that passes. What is off may have none at all: when what is on has ended, the count knows.
        var hasEnded = claim.Tree.LastEnd <= now || stands.LastEnd <= now || stands.Find(metaId) is { Kind: AdObject.AdSet, IsOn: true, Budget.EndTime: { } ended } && ended <= now;
        if (after.DailyAmountCents(now) > stands.DailyAmountCents(now) || (edited.EndTime is not null
            && (hasEnded || (!claim.IsCounted && edited.EndTime > seen.EndTime) || (claim.IsCounted && !await activations.CountLongerAsync(claim.Tree.RequestId, claim.Account.Id, (after.LastEnd ?? edited.EndTime.Value).ToUniversalTime(), Holder(claim, 0), ct)))))
        {
            if (caps.RefusalOf(claim.Account, after.DailyAmountCents(now)) is { } tooMuch) return EditEnd.Failing($"its budget {tooMuch}") with { Found = found };
            if (claim.IsCounted || await IsOnAsync(claim, seen, ct))
            {
                var askedAt = time.GetTimestamp();
                var permit = await PermitAsync(claim, stands, after, ct);
                if (permit.Refusal is { } refusal) return EditEnd.Refused(permit, refusal, now, Math.Max(after.DailyAmountCents(now), permit.CountedCents)) with { Found = found };
                (credential, isPermitted) = (claim.Credential.Permitted(activations.PermitFrom(askedAt, permit)), true);
            }
        }

        await edits.UpdateAsync(credential, metaId, fields, ct);
        return succeeded with { IsAnswered = isPermitted, DailyCents = isPermitted ? after.DailyAmountCents(now) : succeeded.DailyCents };
    }

    // What is off here may have been switched on by hand: from its permit on it counts.
    private async Task<bool> IsOnAsync(EditClaim claim, ObjectValues seen, CancellationToken ct) =>
        (claim.Object.Kind == AdObject.Campaign ? seen : await edits.ReadAsync(claim.Credential.Patient(), AdObject.Campaign, claim.Tree.Campaign.MetaId, ct)) is { Status: "ACTIVE" };

    private static PermitHolder Holder(EditClaim claim, long addsCents) => PermitHolder.Edit(claim.EditId, claim.Attempt, isWhole: false) with { IsRaise = true, AddsCents = addsCents };

    private async Task<Permit> PermitAsync(EditClaim claim, CampaignTree stands, CampaignTree after, CancellationToken ct)
    {
        var adds = after.DailyAmountCents(time.GetUtcNow()) - stands.DailyAmountCents(time.GetUtcNow());
        async Task<Permit> AskAsync() => await activations.PermitAsync(claim.Tree.RequestId, claim.Account, after.DailyAmountCents(time.GetUtcNow()), after.LastEnd?.ToUniversalTime(), Holder(claim, adds), ct);
        var permit = await AskAsync();
        return permit.LacksRoom && await counted.RefreshAsync(claim.Account.Id, claim.Credential, ct) ? await AskAsync() : permit;
    }

    /// <summary>All that may be sent for it.</summary>
    /// <param name="creativeId">The creative that was made for it; null when none was.</param>
    public static GraphFields SentFor(CampaignTree tree, TreeObject one, EditFields wanted, string? creativeId) => All(wanted, Wanted(tree, one, wanted) with { CreativeId = creativeId });

    private static Edited Wanted(CampaignTree tree, TreeObject one, EditFields wanted) => new(one.MetaId, null, wanted.Name is null ? null : NameOf(one, wanted.Name),
        Units(tree, wanted.DailyBudgetCents), Units(tree, wanted.LifetimeBudgetCents), wanted.EndTime?.ToUniversalTime(), Units(tree, wanted.BidAmountCents))
    {
        Targeting = wanted.Targeting,
    };

    /// <summary>By the name its marker stays: by that it is found again.</summary>
    private static string NameOf(TreeObject one, string readable) =>
        Marker.Split(one.Name).Marker is { } marker ? Marker.Name(readable, marker) : readable;

    private static GraphFields All(EditFields wanted, Edited edited) => Differing(wanted, edited, new ObjectValues("", null, null, null, null, null, null), null);

    private static GraphFields Differing(EditFields wanted, Edited edited, ObjectValues seen, AddressedAtMeta? addressed) => new GraphFields()
        .Add("name", edited.Name == seen.Name ? null : edited.Name)
        .Add("daily_budget", edited.DailyBudget == seen.DailyBudget ? null : edited.DailyBudget)
        .Add("lifetime_budget", edited.LifetimeBudget == seen.LifetimeBudget ? null : edited.LifetimeBudget)
        .Add("end_time", edited.EndTime == seen.EndTime ? null : AdSetSpec.Time(edited.EndTime))
        .Add("bid_amount", edited.BidAmount == seen.BidAmount ? null : edited.BidAmount)
        .Add("targeting", edited.Targeting is { } targeting && !KeptTargeting.Holds(addressed?.Targeting, targeting) ? targeting : null)
        .Add("dsa_beneficiary", addressed?.DsaBeneficiary == wanted.DsaBeneficiary ? null : wanted.DsaBeneficiary)
        .Add("dsa_payor", addressed?.DsaPayor == wanted.DsaPayor ? null : wanted.DsaPayor)
        .Add("creative", edited.CreativeId is null || edited.CreativeId == seen.CreativeId ? null : new JsonObject { ["creative_id"] = edited.CreativeId });

    private static EditFields Found(EditClaim claim, ObjectValues seen) => WithCreative(claim.Making, seen, new()
    {
        Status = seen.Status, Name = seen.Name, DailyBudgetCents = Cents(claim, seen.DailyBudget), LifetimeBudgetCents = Cents(claim, seen.LifetimeBudget), EndTime = seen.EndTime, BidAmountCents = Cents(claim, seen.BidAmount),
    });

    private static EditFields WithCreative(CreativeMaking? making, ObjectValues seen, EditFields found)
    {
        if (making is null) return found;
        // An attempt whose process died may have pointed it to the new one.
        var shown = seen.CreativeId is { } id && id != making.Attempt.FindMetaId(making.Step) ? id : making.OldId;
        return found with { CreativeId = shown, Creative = shown == making.OldId ? making.Old : null };
    }

    private static long? Units(CampaignTree tree, long? hundredths) => hundredths is null ? null
        : Currency.FromHundredths(tree.Currency, hundredths.Value) ?? throw new MetaException(Proof.Rejected, $"{hundredths} is not a whole amount of {tree.Currency}");

    private static long? Cents(EditClaim claim, long? units) => units is null ? null : Currency.ToHundredths(claim.Tree.Currency, units.Value);
}
