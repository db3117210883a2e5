using System.Text.Json;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Core.Campaigns.Contents;

/// <summary>What an ad shows from now on, as a part of the statement that ends its edit: Meta reviews it anew, so it is looked at anew.</summary>
internal static class ShownCreative
{
    /// <summary>Follow a fence; take @MetaId and what <see cref="Of"/> gives.</summary>
    public const string Ctes = """
        creative AS (
                UPDATE meta_creatives r SET meta_id = @CreativeId, name = @CreativeName, kind = @CreativeKind, clip_id = @ClipId, title = @Title, description = @Description, landing_url = @LandingUrl, video_id = @VideoId,
                    image_hash = @ImageHash, image_url = @ImageUrl, thumbnail_url = @ThumbnailUrl, content = @Content::jsonb, effective_status = NULL, issues = '[]'
                FROM fence, meta_ads d WHERE @CreativeId::text IS NOT NULL AND d.meta_id = @MetaId AND r.id = d.creative_db_id),
            reviewed AS (
                INSERT INTO object_reviews (request_id, next_at, deadline_at)
                SELECT d.request_id, @FirstReviewAt, @ReviewDeadlineAt FROM fence, meta_ads d WHERE @CreativeId::text IS NOT NULL AND d.meta_id = @MetaId
                ON CONFLICT (request_id) DO UPDATE SET looks = 0, settled_at = NULL, next_at = EXCLUDED.next_at, deadline_at = EXCLUDED.deadline_at)
        """;

    /// <param name="shown">Null when it shows the same as before.</param>
    public static object Of(CreativeMaking? shown, OrchestrationOptions options, DateTimeOffset now)
    {
        var (attempt, content) = (shown?.Attempt, shown?.Content);
        // Of several clips the first; the content has all.
        var media = attempt?.Tree.Shape.AdOf(shown!.Step).MediaSteps is [var first, ..] ? attempt.MediaOf(first) : null;
        return new
        {
            CreativeId = attempt?.MetaId(shown!.Step), CreativeName = attempt?.Tree.NameOf(shown!.Step), CreativeKind = content?.Kind, ClipId = media?.Clip.Id,
            Title = content?.CreativeTitle ?? content?.Titles?[0] ?? content?.Cards?[0].Title, Description = content?.CreativeDescription, content?.LandingUrl,
            VideoId = media is null ? null : attempt!.VideoIdOf(media), ImageHash = media is null ? null : attempt!.ImageHashOf(media), media?.Clip.ImageUrl, media?.ThumbnailUrl,
            Content = content is null ? null : JsonSerializer.Serialize(content, OrchestrationRequest.Json),
            FirstReviewAt = now.AddSeconds(options.ReviewAfterSeconds), ReviewDeadlineAt = now.AddHours(options.ReviewDeadlineHours),
        };
    }
}
