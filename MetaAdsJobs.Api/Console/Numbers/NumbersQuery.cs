using System.Globalization;

namespace MetaAdsJobs.Api.Console.Numbers;

/// <summary>What is looked at, as it stands in the address. What cannot be read counts as not given: a person sees it in the form.</summary>
/// <param name="AccountId">Null for all accounts of one currency.</param>
/// <param name="Compares">With the days before.</param>
public sealed record NumbersQuery(Guid? AccountId, string? CampaignId, string? Currency, DateOnly? Since, DateOnly? Until, bool Compares)
{
    public const int UsualDays = 28;
    public const int MostDays = 400;

    public static readonly int[] QuickDays = [7, UsualDays, 90];

    public static NumbersQuery Read(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 100 } text && !text.Any(char.IsControl) ? text : null;
        DateOnly? Day(string name) => DateOnly.TryParseExact(query[name], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        return new(Guid.TryParse(Text("account"), out var account) ? account : null, Text("campaign"), Text("currency"), Day("since"), Day("until"), Text("compare") == "true");
    }

    /// <summary>The days before today that are over, and today as far as it goes.</summary>
    public static (DateOnly Since, DateOnly Until) Quick(int days, DateOnly today) => (today.AddDays(-days), today);

    /// <summary>The days asked for, in order and no later than today; the usual ones where none were.</summary>
    public (DateOnly Since, DateOnly Until) Days(DateOnly today)
    {
        var until = Until is { } asked && asked < today ? asked : today;
        var since = Since ?? Quick(UsualDays, until).Since;
        return since <= until ? (since, until) : (until, since < today ? since : today);
    }
}
