using System.Collections.Frozen;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>What the button of an ad may say, and where the ad leads, by what its ad set opens.</summary>
public sealed record ButtonRule
{
    /// <summary>A landing page.</summary>
    public static ButtonRule Website { get; } = new(MetaWords.CallsToAction, MetaWords.DefaultCallToAction);

    // Source: Meta, Create a lead ad (a copy of September 2026): these six, and this link.
    private static readonly ButtonRule Form = new(MetaWords.Set("APPLY_NOW DOWNLOAD GET_QUOTE LEARN_MORE SIGN_UP SUBSCRIBE"), "SIGN_UP") { Link = "https://fb.me/" };

    // Source: Meta, Mobile app ads (a copy of September 2026), and what client code sends; that no other word is taken is not said anywhere.
    private static readonly ButtonRule App = new(MetaWords.Set("""
        BOOK_TRAVEL DOWNLOAD INSTALL_MOBILE_APP LEARN_MORE OPEN_LINK SHOP_NOW SIGN_UP USE_MOBILE_APP WATCH_MORE
        """), "INSTALL_MOBILE_APP") { OpensStore = true };

    // Source: Meta, Ads that click to Messenger, to Instagram Direct, to WhatsApp (copies of September 2026).
    private static readonly FrozenDictionary<string, ButtonRule> OfChat = new Dictionary<string, ButtonRule>
    {
        [ObjectiveGoals.Messenger] = new(MetaWords.Set("LEARN_MORE MESSAGE_PAGE"), "MESSAGE_PAGE") { Link = "https://fb.com/messenger_doc/", Chat = ObjectiveGoals.Messenger },
        [ObjectiveGoals.InstagramDirect] = new(MetaWords.Set("INSTAGRAM_MESSAGE"), "INSTAGRAM_MESSAGE") { Link = "https://www.instagram.com/", Chat = ObjectiveGoals.InstagramDirect },
        [ObjectiveGoals.WhatsApp] = new(MetaWords.Set("WHATSAPP_MESSAGE"), "WHATSAPP_MESSAGE") { Link = "https://api.whatsapp.com/send", Chat = ObjectiveGoals.WhatsApp },
    }.ToFrozenDictionary();

    private ButtonRule(FrozenSet<string> words, string usual) => (Words, Usual) = (words, usual);

    public FrozenSet<string> Words { get; }

    /// <summary>Where a request names none.</summary>
    public string Usual { get; }

    /// <summary>Whether the request says where the ad leads.</summary>
    public bool HasLandingPage => Link is null && !OpensStore;

    private string? Link { get; init; }
    private string? Chat { get; init; }
    private bool OpensStore { get; init; }

    public static ButtonRule Of(GoalRule rule) => rule.OpensForm ? Form : rule.Promotes == PromotedObject.App ? App
        : rule.DestinationType is { } destination && OfChat.TryGetValue(destination, out var chat) ? chat : Website;

    /// <summary>Where the ad leads; null when the request says so.</summary>
    public string? LinkOf(string? storeUrl) => OpensStore ? storeUrl : Link;

    internal JsonObject ValueOf(string link, string? formId) => Chat is not null ? new() { ["app_destination"] = Chat }
        : this == Form ? new() { ["link"] = link, ["lead_gen_form_id"] = formId } : new() { ["link"] = link };
}
