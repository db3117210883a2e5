using System.Globalization;

namespace MetaAdsJobs.Console.Language;

/// <summary>The console's words in the viewer's language; English is the key. Meta's own names and messages stay as they are.</summary>
internal sealed class Texts
{
    private const string Cookie = "metaadsjobs_language";
    private readonly bool _isSpanish;

    public Texts(IHttpContextAccessor accessor)
    {
        var http = accessor.HttpContext ?? throw new InvalidOperationException("There is no request");
        var asked = http.Request.Query["lang"].ToString();
        if (asked is "en" or "es" && !http.Response.HasStarted)
            http.Response.Cookies.Append(Cookie, asked, new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/console", MaxAge = TimeSpan.FromDays(365) });
        var chosen = asked is "en" or "es" ? asked : http.Request.Cookies[Cookie];
        _isSpanish = chosen is "en" or "es" ? chosen == "es" : http.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(one => one.Quality ?? 1)
            .Select(one => one.Value.ToString()[..Math.Min(2, one.Value.Length)].ToLowerInvariant()).FirstOrDefault(code => code is "en" or "es") == "es";
    }

    public string Code => _isSpanish ? "es" : "en";

    public CultureInfo Culture => CultureInfo.GetCultureInfo(_isSpanish ? "es-ES" : "en-GB");

    public string Other => _isSpanish ? "en" : "es";

    public string OtherName => _isSpanish ? "English" : "Español";

    public string this[string english] => _isSpanish && Spanish.Words.TryGetValue(english, out var word) ? word : english;

    /// <summary>The text with values in it: {0}, {1} …</summary>
    public string Format(string english, params object?[] values) => string.Format(Culture, this[english], values);
}
