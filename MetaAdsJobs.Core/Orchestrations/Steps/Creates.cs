using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Media;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// What is created at Meta by one POST that must never be repeated blindly: the table of how each is found again and how it is sent. A
/// read that has to come first and fails is no lost answer: nothing was sent, and nothing need be looked for.
/// </summary>
internal sealed class Creates(NpgsqlDataSource dataSource, MetaAds meta, MetaVideos videos, ClipImageStore images, AccountCurrency currencies)
{
    /// <summary>
    /// Ids of what carries the step's marker at Meta; for a step whose outcome is not known. What is known as another request's, since somebody has adopted it, is not among them: it is neither
    /// taken over nor deleted.
    /// </summary>
    /// <param name="credential">The attempt's; a patient one in the midst of what would start over.</param>
    /// <exception cref="MetaException">Meta did not answer.</exception>
    public async Task<IReadOnlyList<string>> LookAsync(Attempt attempt, string step, GraphCredential credential, CancellationToken ct)
    {
        var found = await meta.FindAsync(credential, ObjectOf(step), attempt.Tree.Shape.ParentOf(step) is { } parent ? attempt.MetaId(parent) : null, attempt.Tree.MarkerOf(step), ct);
        if (found.Count == 0) return found;
        // Meta's lists may go on showing for a while what an undo has deleted; a retry of the same round looks by the same marker.
        var others = (await ChangeLog.ListDeletedAsync(dataSource, attempt.RequestId, found, ct)).ToHashSet();
        if (ObjectOf(step) != AdObject.Creative) others.UnionWith(await ListOfOthersAsync(attempt, found, ct));
        return [.. found.Where(metaId => !others.Contains(metaId))];
    }

    private async Task<IEnumerable<string>> ListOfOthersAsync(Attempt attempt, IReadOnlyList<string> found, CancellationToken ct)
    {
        const string OthersSql = """
            SELECT meta_id FROM meta_campaigns WHERE meta_id = ANY (@Found) AND request_id <> @RequestId
            UNION ALL SELECT meta_id FROM meta_adsets WHERE meta_id = ANY (@Found) AND request_id <> @RequestId
            UNION ALL SELECT meta_id FROM meta_ads WHERE meta_id = ANY (@Found) AND request_id <> @RequestId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QueryAsync<string>(new(OthersSql, new { Found = found.ToArray(), attempt.RequestId }, cancellationToken: ct));
    }

    /// <summary>
    /// Why a creative is not deleted with what it was to be shown by; null when it is the step's own, and nobody else's. Meta may answer the create of a creative with the id of an equal one that was
    /// there before. Source: Meta's reference of ad creatives, of those that are not unique.
    /// </summary>
    /// <exception cref="MetaException">Meta does not tell what it is called.</exception>
    public async Task<string?> WhyKeptAsync(Attempt attempt, string step, GraphCredential credential, string metaId, CancellationToken ct)
    {
        // What an edit has made is its run's only once the ad shows it, and then it is not taken back.
        const string SharedSql = """
            SELECT EXISTS (SELECT 1 FROM orchestration_steps WHERE meta_id = @MetaId AND state IN ('confirmed', 'left') AND (request_id <> @RequestId OR @EditId::uuid IS NOT NULL))
                OR EXISTS (SELECT 1 FROM edit_steps WHERE meta_id = @MetaId AND state IN ('confirmed', 'left') AND edit_id IS DISTINCT FROM @EditId::uuid)
                OR EXISTS (SELECT 1 FROM meta_creatives WHERE meta_id = @MetaId AND (request_id <> @RequestId OR @EditId::uuid IS NOT NULL))
            """;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            if (await connection.ExecuteScalarAsync<bool>(new(SharedSql, new { MetaId = metaId, attempt.RequestId, attempt.EditId }, cancellationToken: ct)))
                return $"the creative {metaId} is that of another request or edit as well: it is kept";
        }

        return await meta.FindNameAsync(credential, metaId, ct) is { } name && !attempt.Tree.IsMarked(name, step) ? $"Meta has answered with the creative {metaId} that was there before, \"{name}\": it is kept" : null;
    }

    /// <summary>Sends the one POST. Never cancelled: a stopping worker waits for the answer instead of losing it.</summary>
    /// <returns>Meta's id.</returns>
    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public Task<string> SendAsync(Attempt attempt, string step) => StepName.KindOf(step) switch
    {
        StepName.Campaign => SendCampaignAsync(attempt),
        StepName.AdSet => SendAdSetAsync(attempt, step),
        StepName.Creative => SendCreativeAsync(attempt, step),
        StepName.Ad => SendAdAsync(attempt, attempt.Tree.Shape.AdOf(step)),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "creates nothing"),
    };

    private async Task<string> SendCampaignAsync(Attempt attempt)
    {
        await ConfirmCurrencyAsync(attempt);
        return await meta.CreateCampaignAsync(attempt.Credential, attempt.Tree.Campaign, CancellationToken.None);
    }

    private async Task<string> SendAdAsync(Attempt attempt, AdNode ad)
    {
        var credential = await ConfirmGivenAsync(attempt, ad.AdSetStep);
        return await meta.CreateAdAsync(credential, attempt.Tree.Ad(ad.Step, attempt.MetaId(ad.AdSetStep), attempt.MetaId(ad.CreativeStep)), CancellationToken.None);
    }

    private async Task<string> SendAdSetAsync(Attempt attempt, string step)
    {
        // The campaign may be older than this check, or adopted.
        await ConfirmCurrencyAsync(attempt);
        var credential = await ConfirmGivenAsync(attempt, StepName.Campaign);
        return await meta.CreateAdSetAsync(credential, attempt.Tree.AdSet(step, attempt.MetaId(StepName.Campaign)), CancellationToken.None);
    }

    private async Task<string> SendCreativeAsync(Attempt attempt, string step)
    {
        var media = attempt.Tree.Shape.AdOf(step).MediaSteps.Select(attempt.MediaOf).ToList();
        var credential = attempt.Credential;
        foreach (var one in media)
        {
            if (one.ThumbnailUrl is not null || attempt.VideoIdOf(one) is not { } videoId) continue;
            one.ThumbnailUrl = await ReadThumbnailAsync(credential, videoId);
            // The next attempt reads it anew: sent away from here on, none would ever come to the create.
            credential = attempt.Credential.Patient();
        }

        attempt.Lease.ThrowIfOver();
        try
        {
            return await meta.CreateCreativeAsync(credential, attempt.Tree.Creative(step, attempt.AtMeta), CancellationToken.None);
        }
        catch (MetaException exception) when (exception is { Proof: Proof.Rejected, MayPass: false })
        {
            // Perhaps somebody deleted an image from the account's library: the next request, or this one's retry, uploads it again.
            foreach (var one in media)
                if (attempt.ImageHashOf(one) is { } hash) await images.ForgetAsync(attempt, one, hash, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Meta must bill the account in the currency in which the budget is meant. Asked until the account is confirmed, and as long as it differs.</summary>
    private async Task ConfirmCurrencyAsync(Attempt attempt)
    {
        if (attempt.MetaCurrency == attempt.Account.Currency) return;
        attempt.MetaCurrency = await ReadFirstAsync("the ad account's currency", currencies.ReadAsync(attempt.Account.Id, attempt.Credential, CancellationToken.None));
        if (AccountCurrency.Difference(attempt.Account.AdAccountId, attempt.Account.Currency, attempt.MetaCurrency) is { } difference)
            throw new MetaException(Proof.Rejected, difference);
    }

    /// <summary>What is added to may have been ended since: then that is said, and not what Meta says of a create below it.</summary>
    /// <returns>With what the create is sent: a patient one when Meta was just asked, since the next attempt would ask anew.</returns>
    private async Task<GraphCredential> ConfirmGivenAsync(Attempt attempt, string step)
    {
        if (attempt.IsGivenSeen || attempt.Tree.Shape.GivenId(step) is not { } metaId) return attempt.Credential;
        var what = step == StepName.Campaign ? "campaign" : "ad set";
        var status = await ReadFirstAsync($"the {what}", meta.ReadSwitchAsync(attempt.Credential, metaId, CancellationToken.None));
        if (status is "DELETED" or "ARCHIVED") throw new MetaException(Proof.Rejected, $"the {what} {metaId} is {(status == "DELETED" ? "deleted" : "archived")} at Meta: nothing can be added to it");
        attempt.IsGivenSeen = true;
        return attempt.Credential.Patient();
    }

    // Known when the media step has just ended; an attempt that begins here reads it anew, for its address expires.
    private async Task<string> ReadThumbnailAsync(GraphCredential credential, string videoId)
    {
        var video = await ReadFirstAsync("the video's thumbnail", videos.ReadAsync(credential, videoId, CancellationToken.None));
        return video.ThumbnailUrl ?? video.Picture ?? throw new MetaException(Proof.Rejected, "Meta has no thumbnail of the clip's video: give the clip a thumbnail_url") { MayPass = true };
    }

    private static async Task<T> ReadFirstAsync<T>(string what, Task<T> read)
    {
        try
        {
            return await read;
        }
        catch (MetaException exception) when (exception.Proof == Proof.OutcomeUnknown)
        {
            throw new MetaException(Proof.NotSent, $"{what} could not be read, so nothing was sent: {exception.ForUser}", exception);
        }
    }

    /// <summary>What the step creates.</summary>
    public static AdObject ObjectOf(string step) => StepName.KindOf(step) switch
    {
        StepName.Campaign => AdObject.Campaign,
        StepName.AdSet => AdObject.AdSet,
        StepName.Creative => AdObject.Creative,
        StepName.Ad => AdObject.Ad,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "creates nothing"),
    };
}
