using System.Globalization;
using System.Security.Cryptography;
using MetaAdsJobs.Api.Console.Language;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Api.Console;

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
    public Notice? Open(string kind, string sealedNotice, Texts texts)
    {
        try
        {
            return _protector.Unprotect(sealedNotice).Split('|', 3) is [var of, var count, var text] && of == kind
                ? new(count.Length == 0 ? texts[text] : texts.Format(text, int.Parse(count, CultureInfo.InvariantCulture)), kind == Problem) : null;
        }
        catch (CryptographicException)
        {
            // Kept, sent on or made up: told to nobody.
            return null;
        }
    }
}
