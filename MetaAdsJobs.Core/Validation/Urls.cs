using System.Text;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Validation;

/// <summary>Reads fields that hold an absolute http(s) URL, the only kind Meta follows, and writes them as the web's standards want them.</summary>
public static partial class Urls
{
    public static string? HttpUrl(this JsonFields fields, string name, bool required = false)
    {
        var text = fields.Text(name, required, max: 2000);
        if (text is null || TryEncode(text) is not null) return text;
        fields.Refuse(name, "must be an absolute http or https URL without user name, spaces or backslashes, such as https://example.com/sale");
        return null;
    }

    /// <summary>
    /// ASCII only: the host in punycode, what else is outside RFC 3986 percent-encoded as UTF-8. What is encoded already stays, and so do
    /// macros in double braces. A text that is no such URL, stored by an earlier version, is left as it is.
    /// </summary>
    public static string Encode(string url) => TryEncode(url) ?? url;

    /// <summary>The same of query parameters that are added to a URL.</summary>
    public static string EncodeParameters(string parameters) => Outside().Replace(parameters, Encoded);

    /// <summary>A domain as the web's standards want it: its punycode.</summary>
    /// <returns>Null for what no domain can be.</returns>
    public static string? Host(string domain) => Uri.CheckHostName(domain) == UriHostNameType.Dns && Uri.TryCreate($"https://{domain}/", UriKind.Absolute, out var url) ? HostOf(url) : null;

    private static string? TryEncode(string text)
    {
        if (text.AsSpan().IndexOfAny(' ', '\\') >= 0 || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")
            || url.Host.Length == 0 || url.UserInfo.Length > 0 || Parts().Match(text) is not { Success: true } parts) return null;
        return HostOf(url) is { } host ? $"{url.Scheme}://{host}{parts.Groups["port"].Value}{Outside().Replace(parts.Groups["rest"].Value, Encoded)}" : null;
    }

    /// <returns>Null for a name that no domain can have.</returns>
    private static string? HostOf(Uri url)
    {
        try
        {
            var host = url.HostNameType == UriHostNameType.Dns ? url.IdnHost : url.Host;
            return Ascii.IsValid(host) ? host : null;
        }
        catch (UriFormatException)
        {
            return null; // .NET takes a host to be right until it is asked for its punycode.
        }
    }

    private static string Encoded(Match match) => match.Value.StartsWith("{{", StringComparison.Ordinal) ? match.Value : Uri.EscapeDataString(match.Value);

    // Everything behind the host stays as it was given, character by character: what .NET makes of a path such as /a/../b was not asked for.
    [GeneratedRegex("^[A-Za-z]+://[^/?#]*?(?<port>:[0-9]+)?(?<rest>[/?#].*)?$", RegexOptions.Singleline)]
    private static partial Regex Parts();

    // Macros; a percent sign that encodes nothing; a character that may not stand in a URL as it is, one outside the basic plane included.
    [GeneratedRegex(@"\{\{[A-Za-z0-9_.]+\}\}|%(?![0-9A-Fa-f]{2})|[\uD800-\uDBFF][\uDC00-\uDFFF]|[^!#-;=?-Z_a-z~]")]
    private static partial Regex Outside();
}
