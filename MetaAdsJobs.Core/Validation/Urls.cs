namespace MetaAdsJobs.Core.Validation;

/// <summary>Reads fields that hold an absolute http(s) URL, the only kind Meta follows.</summary>
public static class Urls
{
    public static string? HttpUrl(this JsonFields fields, string name, bool required = false)
    {
        var text = fields.Text(name, required, max: 2000);
        if (text is null) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0 && url.UserInfo.Length == 0
            && !text.Contains(' ')) return text;
        fields.Refuse(name, "must be an absolute http or https URL without user name or spaces, such as https://example.com/sale");
        return null;
    }
}
