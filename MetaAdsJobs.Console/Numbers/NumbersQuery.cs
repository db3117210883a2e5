using MetaAdsJobs.Console.Parts;

namespace MetaAdsJobs.Console.Numbers;

/// <summary>What is looked at, as it stands in the address. What cannot be read counts as not given: a person sees it in the form.</summary>
/// <param name="AccountId">Null for all accounts of one currency.</param>
/// <param name="Compares">With the days before.</param>
public sealed record NumbersQuery(Guid? AccountId, string? CampaignId, string? Currency, DateOnly? Since, DateOnly? Until, bool Compares)
{
    public const int UsualDays = 28;
    public const int MostDays = 400;

    public static readonly int[] QuickDays = [7, UsualDays, 90];

    /// <param name="today">The service's, in UTC.</param>
    public static NumbersQuery Read(IQueryCollection query, DateOnly today)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 100 } text && !text.Any(char.IsControl) ? text : null;
        DateOnly? Day(string name) => AskedDay.Read(query[name], today);
        return new(Guid.TryParse(Text("account"), out var account) ? account : null, Text("campaign"), Text("currency"), Day("since"), Day("until"), Text("compare") == "true");
    }

    /// <summary>So many days that are over, the last of them yesterday: they can be held against as many before.</summary>
    public static (DateOnly Since, DateOnly Until) Quick(int days, DateOnly today) => (today.AddDays(-days), today.AddDays(-1));

    /// <summary>The days asked for, in order and no later than today; the usual ones where none were. Today is shown to who asks for it.</summary>
    public (DateOnly Since, DateOnly Until) Days(DateOnly today)
    {
        var until = Until ?? (Since >= today ? today : today.AddDays(-1));
        if (until > today) until = today;
        var since = Since ?? until.AddDays(1 - UsualDays);
        if (since > today) since = today;
        return since <= until ? (since, until) : (until, since);
    }
}
