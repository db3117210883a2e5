using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Contents;

/// <summary>A creative that an edit makes for an ad.</summary>
/// <param name="Attempt">By which it is made: the steps of a run, of which only this creative's are done.</param>
/// <param name="Step">The creative's.</param>
/// <param name="OldId">Meta's id of what the ad shows until then, as far as we know.</param>
/// <param name="Old">The same in the words of a request; null when that is not known.</param>
internal sealed record CreativeMaking(Attempt Attempt, string Step, string OldId, AdRequest? Old, AdRequest Content);

/// <summary>A clip, and the hash of its image in the ad account's library.</summary>
internal sealed record ClipRow(
    Guid Id, string Title, string? VideoUrl, string? VideoId, string? ImageUrl, string? ThumbnailUrl, string? FileKey, string? FileType, long? FileBytes, string? FileSha256, string? ImageHash)
{
    public Clip Clip => new() { Id = Id, Title = Title, VideoUrl = VideoUrl, VideoId = VideoId, ImageUrl = ImageUrl, ThumbnailUrl = ThumbnailUrl, File = ClipFile.Of(FileKey, FileType, FileBytes, FileSha256) };
}

/// <summary>Reads what ads and ad sets are of, and all that making a creative needs.</summary>
internal sealed class ContentStore(NpgsqlDataSource dataSource, OrchestrationOptions options, ServiceClock clock)
{
    /// <returns>Null when no run has asked for it.</returns>
    public async Task<AdNow?> FindAdAsync(string metaId, CancellationToken ct)
    {
        const string AdSql = """
            SELECT d.step, o.request::text AS request, s.targeting::text AS targeting, r.content::text AS content, r.kind, r.meta_id AS creative_id
            FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_creatives r ON r.id = d.creative_db_id JOIN orchestrations o ON o.request_id = d.request_id
            WHERE d.meta_id = @MetaId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<(string Step, string Request, string Targeting, string? Content, string Kind, string CreativeId)?>(new(AdSql, new { MetaId = metaId }, cancellationToken: ct));
        if (row is not { } ad) return null;
        var run = OrchestrationRequest.FromJson(ad.Request);
        return new TreeShape(run).Ads.All(one => one.Step != ad.Step) ? null : AdNow.Of(ad.Step, run, ad.Targeting, ad.Content, ad.Kind, ad.CreativeId);
    }

    /// <inheritdoc cref="FindAdAsync"/>
    public async Task<AdSetNow?> FindAdSetAsync(string metaId, CancellationToken ct)
    {
        const string AdSetSql = "SELECT s.step, o.request::text AS request, s.targeting::text AS targeting FROM meta_adsets s JOIN orchestrations o ON o.request_id = s.request_id WHERE s.meta_id = @MetaId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<(string Step, string Request, string Targeting)?>(new(AdSetSql, new { MetaId = metaId }, cancellationToken: ct));
        if (row is not { } set) return null;
        var run = OrchestrationRequest.FromJson(set.Request);
        return new TreeShape(run).AdSets.All(one => one.Step != set.Step) ? null : new(set.Step, run, AdNow.Parse(set.Targeting));
    }

    /// <summary>Whether clips are images; those that do not exist, or that whoever asks does not see, are not among them.</summary>
    /// <param name="shown">What the ad shows anyway: to be kept, whosever it is.</param>
    public async Task<IReadOnlyDictionary<Guid, bool>> ListImagesAsync(Guid[] clipIds, Guid[] shown, CancellationToken ct)
    {
        var imagesSql = $"SELECT k.id, {ClipStore.IsImageSql} FROM clips k WHERE k.id = ANY (@ClipIds) AND (k.id = ANY (@Shown) OR {ClipScope.Is("k.id")})";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid Id, bool IsImage)>(new(imagesSql, new { ClipIds = clipIds, Shown = shown, Scope = AccountScope.Accounts }, cancellationToken: ct))).ToDictionary(clip => clip.Id, clip => clip.IsImage);
    }

    /// <summary>What an attempt at an edit works with that gives an ad another creative.</summary>
    /// <param name="round">Of the edit: what another round has left is not taken for this one's.</param>
    public async Task<CreativeMaking> MakingAsync(
        Guid editId, int round, int number, string? ending, int failures, DateTimeOffset? quietSince, string askedBy, Guid runId, string adId, AdRequest content, SocialAccount account, GraphCredential credential, Lease lease, CancellationToken ct)
    {
        const string ClipsSql = """
            SELECT k.id, k.title, k.video_url, k.video_id, k.image_url, k.thumbnail_url, k.file_key, k.file_type, k.file_bytes, k.file_sha256, (SELECT i.hash FROM clip_images i WHERE i.clip_id = k.id AND i.ad_account_id = @AdAccountId) AS image_hash
            FROM clips k WHERE k.id = ANY (@ClipIds)
            """;
        var now = (await FindAdAsync(adId, ct))!;
        var request = now.With(content);
        var tree = new AdTree(editId, round, request, account);
        var ad = tree.Shape.AdOf(now.Step);
        var clipIds = tree.Shape.Media.Where(media => ad.MediaSteps.Contains(media.Step)).ToDictionary(media => media.ClipId, media => media.Step);
        var stepsSql = $"SELECT {StepRecord.AllOf(ClaimTable.Edits)}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var clips = await connection.QueryAsync<ClipRow>(new(ClipsSql, new { account.AdAccountId, ClipIds = clipIds.Keys.ToArray() }, cancellationToken: ct));
        var steps = await connection.ExecuteScalarAsync<string?>(new(stepsSql, new { EditId = editId }, cancellationToken: ct));
        var attempt = new Attempt
        {
            RequestId = runId, EditId = editId, Number = number, Request = request, Account = account, Ending = ending, Tree = tree, Credential = credential, AskedBy = askedBy, CancelRequested = false, Abandoned = 0,
            Failures = failures, SettledAt = (quietSince ?? DateTimeOffset.MinValue) + options.SettleDelay, ClockSettledAt = () => options.SettledAfter(clock), Steps = StepRecord.ReadAll(steps), Lease = lease, Only = [.. ad.MediaSteps, ad.CreativeStep],
            Media = clips.ToDictionary(clip => clipIds[clip.Id], clip => new ClipMedia(clipIds[clip.Id], clip.Clip, clip.ImageHash)),
        };
        return new(attempt, ad.CreativeStep, now.CreativeId, now.Content, content);
    }
}
