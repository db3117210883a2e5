using System.Globalization;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Localization;

namespace MetaAdsJobs.Console.Language;

/// <summary>In which language a page is: as its address says, else as was chosen before, else as the browser asks.</summary>
public sealed class LanguageChoice : RequestCultureProvider
{
    private const string Asked = "lang";
    private const string Cookie = "metaadsjobs_language";

    // How numbers and days are written: English as in Europe, where the day comes first.
    private static readonly Dictionary<string, string> Formats = new() { ["en"] = "en-GB", ["es"] = "es-ES" };

    public static string Current => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;

    public static (string Code, string Name) Other => Current == "es" ? ("en", "English") : ("es", "Español");

    public static IApplicationBuilder Use(IApplicationBuilder app) => app.UseRequestLocalization(localization =>
    {
        localization.DefaultRequestCulture = new(Formats["en"], "en");
        localization.SupportedCultures = [.. Formats.Values.Select(CultureInfo.GetCultureInfo)];
        localization.SupportedUICultures = [.. Formats.Keys.Select(CultureInfo.GetCultureInfo)];
        localization.RequestCultureProviders = [new LanguageChoice()];
    });

    public override Task<ProviderCultureResult?> DetermineProviderCultureResult(HttpContext httpContext)
    {
        var asked = Known(httpContext.Request.Query[Asked]);
        // A page that only reads itself anew chooses nothing: its answer may come after another choice.
        if (asked is not null && httpContext.Request.Headers["Sec-Fetch-Dest"] is [] or ["document"]) Keep(httpContext, asked);
        var code = asked ?? Known(httpContext.Request.Cookies[Cookie]) ?? httpContext.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(one => one.Quality ?? 1)
            .Select(one => Known(one.Value.ToString()[..Math.Min(2, one.Value.Length)].ToLowerInvariant())).FirstOrDefault(one => one is not null);
        return code is null ? NullProviderCultureResult : Task.FromResult<ProviderCultureResult?>(new(Formats[code], code));
    }

    private static string? Known(string? code) => code is not null && Formats.ContainsKey(code) ? code : null;

    private static void Keep(HttpContext http, string code)
    {
        // For the pages around a session, too. What was kept for the console alone would be read before it.
        http.Response.Cookies.Delete(Cookie, Of(http, FailurePages.Home));
        http.Response.Cookies.Append(Cookie, code, Of(http, http.Request.PathBase.HasValue ? "" : "/"));
    }

    private static CookieOptions Of(HttpContext http, string below) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = http.Request.PathBase + below, MaxAge = TimeSpan.FromDays(365) };
}
