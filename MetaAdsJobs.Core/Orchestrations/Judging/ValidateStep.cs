using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Core.Orchestrations.Judging;

/// <summary>
/// Asks Meta what it would refuse, object by object, and creates nothing. An ad set is only judged under a campaign that exists,
/// an ad under an ad set and with a creative: the latest of ours stand in for those that this request would make.
/// </summary>
internal sealed class ValidateStep(MetaChecks checks, MetaVideos videos, ValidationStore store, ClipVideoStore clipVideos, ClipImageStore clipImages) : IRepeatableStep
{
    public string Kind => StepName.Validate;

    public async Task<StepOutcome> RunAsync(Attempt attempt, string step, CancellationToken ct)
    {
        var known = await store.FindObjectsAsync(attempt, ct);
        var shape = attempt.Tree.Shape;
        known = known with { CampaignId = shape.GivenId(StepName.Campaign) ?? known.CampaignId, AdSetId = shape.GivenId(StepName.AdSet) ?? known.AdSetId };
        var findings = new List<ValidationFinding>(await AccountAsync(attempt, ct));
        // Nobody keeps what is found before all of it is: sent away, the next attempt would begin with the account again.
        var credential = attempt.Credential.Patient();
        if (shape.GivenId(StepName.Campaign) is null) findings.Add(await AskAsync(StepName.Campaign, () => checks.CheckAsync(credential, attempt.Tree.Campaign, ct)));
        foreach (var adSet in shape.NewAdSets)
            findings.Add(known.CampaignId is null
                ? ValidationFinding.NotChecked(adSet.Step, NeedsCampaign)
                : await AskAsync(adSet.Step, () => checks.CheckAsync(credential, attempt.Tree.AdSet(adSet.Step, known.CampaignId), ct), NeedsCampaign));
        foreach (var ad in shape.Ads)
        {
            findings.Add(await CreativeAsync(attempt, ad, credential, ct));
            findings.Add(known.AdSetId is null || known.CreativeId is null
                ? ValidationFinding.NotChecked(ad.Step, NeedsAdSet)
                : await AskAsync(ad.Step, () => checks.CheckAsync(credential, attempt.Tree.Ad(ad.Step, known.AdSetId, known.CreativeId), ct), NeedsAdSet));
        }

        attempt.Validation = findings;
        return new StepOutcome.Done(null);
    }

    private const string NeedsCampaign = "Meta needs an existing campaign";
    private const string NeedsAdSet = "Meta needs an existing ad set and creative";

    /// <param name="needs">What it means when Meta does not find an object: a stand-in is gone. Null when there is none.</param>
    private static async Task<ValidationFinding> AskAsync(string what, Func<Task> ask, string? needs = null)
    {
        try
        {
            await ask();
            return ValidationFinding.Fine(what);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            return exception.IsMissingObject && needs is not null ? ValidationFinding.NotChecked(what, needs) : ValidationFinding.Refused(what, exception.ForUser);
        }
    }

    private async Task<IReadOnlyList<ValidationFinding>> AccountAsync(Attempt attempt, CancellationToken ct)
    {
        const string Account = "account";
        AdAccountState? state = null;
        var asked = await AskAsync(Account, async () => state = await checks.ReadAccountAsync(attempt.Credential, ct));
        if (state is null) return [asked];

        var wrong = new List<string>();
        if (state.NotActive is { } why) wrong.Add($"the ad account is {why} at Meta");
        if (state.Currency is { } currency && currency != attempt.Account.Currency) wrong.Add($"its currency is {currency} at Meta and {attempt.Account.Currency} here");
        if (state.TimezoneName is { } zone && zone != attempt.Account.TimezoneName) wrong.Add($"its time zone is {zone} at Meta and {attempt.Account.TimezoneName} here");
        if (!attempt.Request.AddsNoBudget && state.MinDailyBudget is { } minimum && attempt.Tree.LeastDailyUnits(store.Now) is var units && units < minimum)
            wrong.Add($"Meta's minimum for a day is {Currency.ToHundredths(attempt.Account.Currency, minimum)} hundredths of {attempt.Account.Currency}; "
                + $"the budget comes to {Currency.ToHundredths(attempt.Account.Currency, units)}");
        return wrong.Count == 0 ? [asked] : [.. wrong.Select(error => ValidationFinding.Refused(Account, error))];
    }

    private async Task<ValidationFinding> CreativeAsync(Attempt attempt, AdNode ad, GraphCredential credential, CancellationToken ct)
    {
        var clips = new Dictionary<Guid, (ClipMedia Media, string? VideoId, string? ImageHash)>();
        foreach (var media in ad.MediaSteps.Select(attempt.MediaOf)) clips[media.Clip.Id] = await AtMetaAsync(attempt, media, ct);
        if (clips.Values.Any(one => one.VideoId is null && one.ImageHash is null))
            return ValidationFinding.NotChecked(ad.CreativeStep, clips.Count == 1 ? "the clip is not at Meta yet" : "some of the clips are not at Meta yet");
        return await AskAsync(ad.CreativeStep, async () =>
        {
            foreach (var (media, videoId, _) in clips.Values)
                if (videoId is not null && media.ThumbnailUrl is null)
                    media.ThumbnailUrl = await videos.ReadAsync(credential, videoId, ct) is var video ? video.ThumbnailUrl ?? video.Picture : null;
            await checks.CheckAsync(credential, attempt.Tree.Creative(ad.CreativeStep, id => clips[id].Media.AtMeta(clips[id].VideoId, clips[id].ImageHash)), ct);
        });
    }

    private async Task<(ClipMedia Media, string? VideoId, string? ImageHash)> AtMetaAsync(Attempt attempt, ClipMedia media, CancellationToken ct) => media.Clip switch
    {
        { IsImage: true } => (media, null, await clipImages.FindAsync(attempt, media, ct)),
        { IsUploadedVideo: true } => (media, await clipVideos.FindAsync(attempt, media, ct) is { State: "ready" } video ? video.VideoId : null, null),
        _ => (media, media.Clip.VideoId, null),
    };
}
