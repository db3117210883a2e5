using System.Security.Cryptography;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>A kind of object in the Graph: its name in the table, its edge under the account, and how its ids begin.</summary>
internal sealed record StubKind(string Name, string Edge, string NodeType, string IdPrefix)
{
    public static readonly StubKind Campaign = new("campaign", "campaigns", "Campaign", "META_CAMPAIGN_");
    public static readonly StubKind AdSet = new("adset", "adsets", "AdSet", "META_ADSET_");
    public static readonly StubKind Creative = new("creative", "adcreatives", "AdCreative", "META_CREATIVE_");
    public static readonly StubKind Ad = new("ad", "ads", "Ad", "META_AD_");
    public static readonly StubKind Video = new("video", "advideos", "AdVideo", "META_VIDEO_");
    public static readonly StubKind Image = new("image", "adimages", "AdImage", "META_IMAGE_");

    private static readonly StubKind[] All = [Campaign, AdSet, Creative, Ad, Video, Image];

    public static StubKind Named(string name) => All.First(kind => kind.Name == name);

    public static StubKind? WithEdge(string edge) => Array.Find(All, kind => kind.Edge == edge);

    public static StubKind? OfId(string id) => Array.Find(All, kind => id.StartsWith(kind.IdPrefix, StringComparison.Ordinal));

    /// <summary>Twelve hex digits: 48 random bits, unique enough for a world of some million objects.</summary>
    public string NewId() => IdPrefix + RandomNumberGenerator.GetHexString(12, lowercase: true);
}
