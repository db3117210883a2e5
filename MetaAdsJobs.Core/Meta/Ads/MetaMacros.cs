using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>
/// Meta's macros in links, such as {{campaign.id}}: it puts the value in their place when somebody clicks. Those of names keep the name that
/// the object had first. Source: Meta, URL parameters; facebook-php-business-sdk#639.
/// </summary>
internal static partial class MetaMacros
{
    /// <summary>Puts names, encoded for a link, in place of the macros for them; other macros stay.</summary>
    public static string WithNames(string url, string campaign, string adSet, string ad) => NameMacro().Replace(url, macro => Uri.EscapeDataString(macro.Groups[1].Value.ToLowerInvariant() switch
    {
        "campaign" => campaign,
        "adset" => adSet,
        _ => ad,
    }));

    [GeneratedRegex(@"(?:\{\{|%7B%7B)\s*(campaign|adset|ad)\.name\s*(?:\}\}|%7D%7D)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NameMacro();
}
