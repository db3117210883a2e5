using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Creatives;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests.Ads;

/// <summary>What an ad shows, in one of the forms of <see cref="AdContent"/>, and where it leads.</summary>
internal static partial class AdValidation
{
    private const string Clip = "clip_id";
    private const string Title = "creative_title";
    private const string Text = "creative_description";
    private const string LandingUrl = "landing_url";
    private const string CallToAction = "call_to_action";
    private const string Cards = "cards";
    private const string Post = "post_id";
    private const string InstagramMedia = "instagram_media_id";
    private const string Titles = "titles";
    private const string Texts = "texts";
    private const string PlacementMedia = "placement_media";
    private const string InstagramUser = "instagram_user_id";
    private const string LinkDescription = "link_description";

    // Meta's limits for each kind of text in an asset feed: how many, how long. Source: a copy of Meta's page of 2019; later ones tell only how many.
    private const int MostVariants = 5;
    private const int LongestVariant = 1024;
    private const int MostCards = 10;
    private const int MostPixels = 100_000;

    private static readonly string[][] Forms = [[Cards], [Post], [InstagramMedia], [PlacementMedia], [Titles, Texts]];

    public static OrchestrationRequest Read(JsonFields fields, OrchestrationRequest request, GoalRule? rule)
    {
        var forms = Forms.Where(form => form.Any(fields.Has)).ToList();
        foreach (var name in forms.Skip(1).SelectMany(form => form.Where(fields.Has))) fields.Refuse(name, $"cannot be given together with {forms[0].First(fields.Has)}");
        var (isPost, hasCards) = (fields.Has(Post) || fields.Has(InstagramMedia), fields.Has(Cards));
        foreach (var name in (string[])[Clip, Title, Text, LinkDescription])
            if (isPost && fields.Has(name)) fields.Refuse(name, "must be left out: an existing post is shown as it is");
        foreach (var (several, one) in (IEnumerable<(string, string)>)[(Titles, Title), (Texts, Text)])
            if (fields.Has(several) && fields.Has(one)) fields.Refuse(several, $"cannot be given together with {one}");

        var ad = request with
        {
            ClipId = fields.Id(Clip, required: !isPost && !hasCards),
            CreativeTitle = fields.Text(Title, required: !isPost && !hasCards && !fields.Has(Titles)),
            CreativeDescription = fields.Text(Text, max: 2000, multiline: true),
            LandingUrl = fields.HttpUrl(LandingUrl, required: !isPost && (rule is null || ButtonRule.Of(rule).HasLandingPage)),
            CallToAction = fields.Word(CallToAction, rule is null ? MetaWords.CallsToAction : ButtonRule.Of(rule).Words),
            PostId = MetaId(fields, Post, PostIds(), "must be a post's id, digits in quotes: the post's alone, or the page's, an underscore and the post's"),
            InstagramMediaId = MetaId(fields, InstagramMedia, Digits(), "must be Meta's id of the post, digits in quotes"),
            InstagramUserId = MetaId(fields, InstagramUser, Digits(), "must be Meta's id of the Instagram account, digits in quotes"),
            Titles = Variants(fields, Titles, Title, 255),
            Texts = Variants(fields, Texts, Text, LongestVariant),
            LinkDescription = fields.Text(LinkDescription),
            UrlTags = UrlTags(fields),
            ConversionDomain = Domain(fields),
        };
        if (isPost && !fields.Has(LandingUrl))
        {
            if (fields.Has(CallToAction)) fields.Refuse(CallToAction, $"needs a {LandingUrl} to lead to");
            if (fields.Has(InstagramMedia) && rule?.DestinationType == "WEBSITE") fields.Refuse(LandingUrl, $"is required: {request.OptimizationGoal} leads to a website, and a post on Instagram has no link");
        }

        if (hasCards && rule is not null && !ButtonRule.Of(rule).HasLandingPage) fields.Refuse(Cards, $"each lead to a page, and {request.OptimizationGoal} opens something else");

        // What a card or a placement takes from the ad stands in it from here on, so that nothing inherits later.
        return hasCards ? ad with { Cards = ReadCards(fields, ad), ClipId = null } : ad with { PlacementMedia = ReadPlacements(fields, ad) };
    }

    /// <summary>What only the account and the clips can tell.</summary>
    /// <param name="isOnInstagram">The ad has whom to be shown as there.</param>
    /// <param name="ad">As far as it can be read.</param>
    /// <param name="targeting">The ad set's.</param>
    /// <param name="images">Whether a clip is an image; clips that do not exist are not among them.</param>
    public static void CheckAgainst(bool isOnInstagram, OrchestrationRequest ad, JsonObject targeting, IReadOnlyDictionary<Guid, bool> images, FieldErrors errors)
    {
        if (ad.InstagramMediaId is not null && !isOnInstagram) errors.Add(InstagramMedia, $"needs an Instagram account: give the ad or the account an {InstagramUser}");
        foreach (var (index, media) in (ad.PlacementMedia ?? []).Index())
        {
            var path = $"{PlacementMedia}[{index}]";
            foreach (var (place, family) in media.Placements.Index())
                if (PlacementFamilies.Within([family], targeting, isOnInstagram).Count == 0) errors.Add($"{path}.placements[{place}]", "is not among the placements on which the ad is shown");
            if (media.ClipId is not { } clip || !images.TryGetValue(clip, out var isImage)) continue;
            if (media.Crop is not null && !isImage) errors.Add($"{path}.crop", "is for images, and the clip is a video");
            if (ad.ClipId is { } usual && images.TryGetValue(usual, out var isUsualImage) && isImage != isUsualImage)
                errors.Add($"{path}.clip_id", $"must be {(isUsualImage ? "an image" : "a video")} as the ad's clip is: Meta takes no mix");
        }
    }

    private static List<CardRequest>? ReadCards(JsonFields fields, OrchestrationRequest ad)
    {
        var cards = fields.List(Cards, MostCards, (item, path) =>
        {
            var card = new JsonFields(item, fields.Errors, path);
            var read = new CardRequest
            {
                ClipId = card.Id(Clip) ?? ad.ClipId, Title = card.Text("title") ?? ad.CreativeTitle, Description = card.Text("description") ?? ad.LinkDescription,
                LandingUrl = card.HttpUrl(LandingUrl) ?? ad.LandingUrl, CallToAction = card.Word(CallToAction, MetaWords.CallsToAction) ?? ad.CallToAction,
            };
            foreach (var (name, ofAd) in (IEnumerable<(string, string)>)[(Clip, Clip), ("title", Title)])
                if (card.IsObject && !card.Has(name) && !fields.Has(ofAd)) card.Refuse(name, $"is required, unless the ad has a {ofAd} for all cards");
            card.RefuseUnknown();
            return read;
        });
        if (cards is { Count: < 2 }) fields.Refuse(Cards, $"must hold 2 to {MostCards} items");
        return cards?.ToList();
    }

    private static List<PlacementMediaRequest>? ReadPlacements(JsonFields fields, OrchestrationRequest ad)
    {
        var taken = new HashSet<string>();
        var media = fields.List(PlacementMedia, PlacementFamilies.Words.Count, (item, path) =>
        {
            var one = new JsonFields(item, fields.Errors, path);
            var placements = one.List("placements", PlacementFamilies.Words.Count, (word, at) =>
            {
                var family = fields.TextOf(word, at, max: 100);
                if (family is null) return null;
                if (!PlacementFamilies.Words.Contains(family)) fields.Errors.Add(at, $"must be one of {string.Join(", ", PlacementFamilies.Words.Order(StringComparer.Ordinal))}");
                else if (!taken.Add(family)) fields.Errors.Add(at, "has its picture already");
                else return family;
                return null;
            });
            if (one.IsObject && placements is null or { Count: 0 } && (!one.Has("placements") || placements is not null)) one.Refuse("placements", "is required: at least one");
            if (one.IsObject && !one.Has(Clip) && !one.Has("crop")) one.Refuse(Clip, "is required, or a crop of the ad's clip");
            var read = new PlacementMediaRequest { Placements = placements ?? [], ClipId = one.Id(Clip) ?? ad.ClipId, Crop = Crop(one.Object("crop")) };
            one.RefuseUnknown();
            return read;
        });
        if (media is { Count: 0 }) fields.Refuse(PlacementMedia, "must hold at least one item");
        return media?.ToList();
    }

    private static CropRequest? Crop(JsonFields? crop)
    {
        if (crop is null) return null;
        var (x, y) = (crop.Whole("x", 0, MostPixels, required: true), crop.Whole("y", 0, MostPixels, required: true));
        var (width, height) = (crop.Whole("width", 1, MostPixels, required: true), crop.Whole("height", 1, MostPixels, required: true));
        crop.RefuseUnknown();
        if (x is null || y is null || width is null || height is null) return null;
        if (!new ImageCrop((int)x, (int)y, (int)width, (int)height).HasShape) crop.Refuse("height", $"{width} x {height} has none of Meta's shapes, to the pixel: {ImageCrop.AllShapes}");
        return new((int)x, (int)y, (int)width, (int)height);
    }

    private static List<string>? Variants(JsonFields fields, string name, string one, int longest)
    {
        var seen = new HashSet<string>();
        var variants = fields.List(name, MostVariants, (item, path) =>
        {
            var text = fields.TextOf(item, path, longest, multiline: name == Texts);
            if (text is null || seen.Add(text)) return text;
            fields.Errors.Add(path, "stands there already");
            return null;
        });
        if (variants is { Count: < 2 }) fields.Refuse(name, $"must hold 2 to {MostVariants} items; a single one is a {one}");
        return variants?.ToList();
    }

    private static string? MetaId(JsonFields fields, string name, Regex form, string message)
    {
        var id = fields.Text(name, max: 100);
        if (id is not null && !form.IsMatch(id)) fields.Refuse(name, message);
        return id;
    }

    private static string? UrlTags(JsonFields fields)
    {
        const string Name = "url_tags";
        var tags = fields.Text(Name, max: 1000);
        if (tags is not null && !QueryParameters().IsMatch(tags)) fields.Refuse(Name, "must be query parameters such as utm_source=meta&utm_content={{ad.id}}, without spaces, a # or a ? before them");
        return tags;
    }

    private static string? Domain(JsonFields fields)
    {
        const string Name = "conversion_domain";
        var domain = fields.Text(Name);
        if (domain is null) return null;
        if (domain.Contains('.', StringComparison.Ordinal) && !domain.StartsWith("www.", StringComparison.OrdinalIgnoreCase) && Urls.Host(domain) is not null) return domain;
        fields.Refuse(Name, "must be a domain such as example.com: no https://, no www., no path");
        return null;
    }

    [GeneratedRegex(@"^[0-9]+(_[0-9]+)?\z")]
    private static partial Regex PostIds();

    [GeneratedRegex(@"^[0-9]+\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"^[^\s#?&=]+=[^\s#&]*(&[^\s#&=]+=[^\s#&]*)*\z")]
    private static partial Regex QueryParameters();
}
