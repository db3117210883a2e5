using System.Globalization;
using System.Security.Cryptography;
using MetaAdsJobs.Console.Language;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Forms;

/// <summary>The answer to a form: the page it came from, with a word about what became of it.</summary>
internal static class FormResults
{
    /// <param name="done">A text of the console, by its English words.</param>
    /// <param name="count">For a text with {0} in it.</param>
    public static IResult Back(HttpContext http, string done, int? count = null) => To(http, Notices.Done, done, count);

    /// <param name="problem">A text of the console, by its English words.</param>
    public static IResult BackWithProblem(HttpContext http, string problem) => To(http, Notices.Problem, problem);

    /// <summary>To another page of the console.</summary>
    public static IResult On(HttpContext http, string path, string done) => Results.Redirect(path + QueryString.Create(Notices.Done, NoticesOf(http).Seal(Notices.Done, done)));

    /// <summary>The form's page once more, with what was typed and what is wrong with it; answered by the POST itself, so that nothing typed stands in an address.</summary>
    /// <param name="values">The page's parameter Values. The form is sent to the page's own address: there it is read again, also in the other language.</param>
    /// <param name="route">The page's other parameters.</param>
    public static IResult Again<TPage>(FormValues values, params (string Name, object? Value)[] route) where TPage : IComponent =>
        Page<TPage>(StatusCodes.Status422UnprocessableEntity, values, route);

    /// <summary>The same where nothing is wrong: a button of the form that only shows something.</summary>
    public static IResult Shown<TPage>(FormValues values, params (string Name, object? Value)[] route) where TPage : IComponent => Page<TPage>(StatusCodes.Status200OK, values, route);

    private static RazorComponentResult<ConsoleApp> Page<TPage>(int status, FormValues values, (string Name, object? Value)[] route) where TPage : IComponent
    {
        var given = route.ToDictionary(one => one.Name, one => one.Value);
        given["Values"] = values;
        return new RazorComponentResult<ConsoleApp>(new Dictionary<string, object?> { [nameof(ConsoleApp.Page)] = new Microsoft.AspNetCore.Components.RouteData(typeof(TPage), given) })
        {
            StatusCode = status,
        };
    }

    private static IResult To(HttpContext http, string kind, string text, int? count = null)
    {
        var back = http.Request.HasFormContentType ? http.Request.Form["back"].ToString() : "";
        // Only a page of the console: the form could have been tampered with.
        if (!back.StartsWith("/console", StringComparison.Ordinal) || back.Any(char.IsControl) || back.Contains('\\', StringComparison.Ordinal)) back = "/console";
        var at = back.IndexOf('?', StringComparison.Ordinal);
        var query = at < 0 ? [] : Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(back[at..]).Where(pair => !Notices.IsOne(pair.Key)).ToDictionary(pair => pair.Key, pair => (string?)pair.Value.ToString());
        query[kind] = NoticesOf(http).Seal(kind, text, count);
        return Results.Redirect((at < 0 ? back : back[..at]) + QueryString.Create(query));
    }

    private static Notices NoticesOf(HttpContext http) => http.RequestServices.GetRequiredService<Notices>();
}

/// <summary>Something to be told once, on the page that follows an action.</summary>
internal sealed record Notice(string Text, bool IsProblem);

/// <summary>
/// Carries a notice in the address of the page that tells it: sealed and for some minutes, so that no link can have the console tell what
/// never happened.
/// </summary>
internal sealed class Notices(IDataProtectionProvider protection)
{
    public const string Done = "done";
    public const string Problem = "problem";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("MetaAdsJobs.Console.Notices").ToTimeLimitedDataProtector();

    public static bool IsOne(string name) => name is Done or Problem;

    /// <param name="kind">Done or Problem: the name it has in the query.</param>
    /// <param name="text">A text of the console, by its English words.</param>
    /// <param name="count">For a text with {0} in it.</param>
    public string Seal(string kind, string text, int? count = null) => _protector.Protect(string.Create(CultureInfo.InvariantCulture, $"{kind}|{count}|{text}"), Lifetime);

    /// <returns>Null of what was not sealed here, or too long ago.</returns>
    public Notice? Open(string kind, string sealedNotice, IStringLocalizer<Words> texts)
    {
        try
        {
            return _protector.Unprotect(sealedNotice).Split('|', 3) is [var of, var count, var text] && of == kind
                ? new(count.Length == 0 ? texts[text] : texts[text, int.Parse(count, CultureInfo.InvariantCulture)], kind == Problem) : null;
        }
        catch (CryptographicException)
        {
            // Kept, sent on or made up: told to nobody.
            return null;
        }
    }
}
