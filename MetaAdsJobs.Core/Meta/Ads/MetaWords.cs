using System.Collections.Frozen;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>
/// The closed lists of words that a request may choose from, as in Meta's published API description of April 2026, without
/// what an ad with a link to a website cannot use.
/// </summary>
public static class MetaWords
{
    public const string DefaultCallToAction = "LEARN_MORE";

    /// <summary>Without NONE: an ad in no category names none.</summary>
    public static FrozenSet<string> SpecialAdCategories { get; } = Set("""
        CREDIT EMPLOYMENT FINANCIAL_PRODUCTS_SERVICES HOUSING ISSUES_ELECTIONS_POLITICS ONLINE_GAMBLING_AND_GAMING
        """);

    /// <summary>What a pixel counts. Without OTHER, which needs the name of an event of one's own, and without what only apps and chats know.</summary>
    public static FrozenSet<string> PixelEvents { get; } = Set("""
        ACHIEVEMENT_UNLOCKED ADD_PAYMENT_INFO ADD_TO_CART ADD_TO_WISHLIST COMPLETE_REGISTRATION CONTACT CONTENT_VIEW CUSTOMIZE_PRODUCT
        DONATE FIND_LOCATION INITIATED_CHECKOUT LEAD LEVEL_ACHIEVED LISTING_INTERACTION PURCHASE RATE SCHEDULE SEARCH
        SERVICE_BOOKING_REQUEST SPENT_CREDITS START_TRIAL SUBMIT_APPLICATION SUBSCRIBE TUTORIAL_COMPLETION
        """);

    /// <summary>Buttons that lead to a website: none that needs an app, a form, a chat, a phone or an event.</summary>
    public static FrozenSet<string> CallsToAction { get; } = Set("""
        APPLY_NOW BOOK_NOW BOOK_TRAVEL BUY_NOW BUY_TICKETS CONTACT_US DONATE DONATE_NOW DOWNLOAD GET_OFFER GET_PROMOTIONS GET_QUOTE
        GET_SHOWTIMES GET_STARTED LEARN_MORE LISTEN_NOW OPEN_LINK ORDER_NOW PLAY_GAME REQUEST_TIME SEE_MORE SHOP_NOW SIGN_UP
        START_ORDER SUBSCRIBE WATCH_MORE
        """);

    public static FrozenSet<string> DevicePlatforms { get; } = Set("desktop mobile");

    /// <summary>
    /// The platforms on which an ad can be shown, in the order in which they are sent, and the positions of each. Without what Meta refuses by now:
    /// video_feeds (v24), explore (v26). Messenger's story it takes and shows nowhere since v26. Source: Meta, Placement targeting (a copy of September 2026).
    /// </summary>
    public static IReadOnlyDictionary<string, FrozenSet<string>> Positions { get; } = new OrderedDictionary<string, FrozenSet<string>>(StringComparer.Ordinal)
    {
        ["facebook"] = Set("""
            biz_disco_feed facebook_reels facebook_reels_overlay feed instream_video marketplace notification profile_feed right_hand_column search story
            """),
        ["instagram"] = Set("explore_home ig_search profile_feed profile_reels reels shop story stream"),
        ["audience_network"] = Set("classic instream_video rewarded_video"),
        ["messenger"] = Set("messenger_home sponsored_messages story"),
        ["threads"] = Set("threads_stream"),
    };

    /// <summary>The targeting field that holds the positions of a platform.</summary>
    public static string PositionsField(string platform) => $"{platform}_positions";

    internal static FrozenSet<string> Set(string words) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
