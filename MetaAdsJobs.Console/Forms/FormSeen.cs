using System.Globalization;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.Forms;

/// <summary>When what a form changes had last been changed as the person saw it, in a hidden field: what others have done since is not undone unseen.</summary>
internal static class FormSeen
{
    public const string Field = "seen";

    public static string Of(DateTimeOffset updatedAt) => updatedAt.ToString("O", CultureInfo.InvariantCulture);

    /// <returns>Null when the form does not say so: that is never the newest.</returns>
    public static DateTimeOffset? In(IFormCollection form) =>
        DateTimeOffset.TryParseExact(form[Field], "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var seen) ? seen : null;

    /// <summary>As what is wrong with the form.</summary>
    public static FieldErrors Outdated(string message)
    {
        var errors = new FieldErrors();
        errors.Add("$", message);
        return errors;
    }
}
