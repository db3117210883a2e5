using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>Which runs to list. Days are UTC, inclusive, of when a run was asked for.</summary>
/// <param name="Search">Words of a campaign's name, each its beginning at least; or a whole request id, or an id Meta gave.</param>
public sealed partial record RunFilter(OrchestrationStatus? Status, Guid? AccountId, string? Search, DateOnly? Since, DateOnly? Until)
{
    internal Guid? SearchId => Guid.TryParse(Search, out var id) ? id : null;

    /// <summary>Of a search that could be an id of Meta's: it is one of names all the same.</summary>
    public bool IsByName { get; init; }

    /// <summary>One that they, or edits since, were to show.</summary>
    public Guid? ClipId { get; init; }

    /// <summary>Those that have not ended, those that have ended since, and those of whose ads Meta has said something else since.</summary>
    public DateTimeOffset? ChangedSince { get; init; }

    /// <summary>Only what this person asked for, as the audit names it.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>And by a key of this name.</summary>
    public string? RequestedKey { get; init; }

    /// <summary>Only up to this run: what was asked for later is none of it.</summary>
    public Guid? UpTo { get; init; }

    /// <summary>Without the runs that have been told to end, or are ending by themselves.</summary>
    public bool WithoutCancelled { get; init; }

    internal string? SearchMetaId => !IsByName && SearchId is null && Search is not null && MetaId().IsMatch(Search) ? Search : null;

    /// <summary>For to_tsquery; null when the search is none by words, empty when it holds no word, which finds nothing. Letters, digits and its own signs only.</summary>
    internal string? SearchWords => IsByWords ? Database.SearchWords.ToQuery(Search!) : null;

    /// <summary>The same, of words that are whole.</summary>
    internal string WholeWords => IsByWords ? Database.SearchWords.ToWholeQuery(Search!) : "";

    /// <summary>The same, of whole words but the last.</summary>
    internal string LastBeginning => IsByWords ? Database.SearchWords.ToLastBeginning(Search!) : "";

    /// <summary>The same, as regular expressions that a name has to match.</summary>
    internal string[] NamePatterns => IsByWords ? Database.SearchWords.ToPatterns(Search!) : [];

    private bool IsByWords => Search is not null && SearchId is null && SearchMetaId is null;

    /// <summary>Request ids are ordered by time: the first one of a day is known without looking.</summary>
    internal Guid? From => FirstOf(Since);

    internal Guid? Before => FirstAfter(Until);

    /// <summary>As a WHERE of the table o: only the conditions that are asked for, since one text for all would have to be planned for all.</summary>
    /// <param name="before">The cursor of the page before.</param>
    internal string Where(Guid? before)
    {
        var conditions = Conditions(before);
        AccountScope.AddTo(conditions, "o.social_account_id");
        return conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions);
    }

    /// <summary>The newest runs that the filter finds, newest first: all columns of orchestrations.</summary>
    /// <param name="limit">As in SQL.</param>
    internal string Newest(Guid? before, string limit) => IsOfAccounts && AccountScope.IsFew
        ? $"SELECT o.* FROM ({NewestIds(before, limit)}) newest JOIN orchestrations o USING (request_id) ORDER BY o.request_id DESC"
        : $"SELECT o.* FROM orchestrations o {Where(before)} ORDER BY o.request_id DESC LIMIT {limit}";

    /// <summary>Their ids alone, of which an index knows most.</summary>
    internal string NewestIds(Guid? before, string limit) => IsOfAccounts && AccountScope.IsFew
        ? AccountScope.OfEach("o.request_id", "orchestrations o", string.Join(" AND ", ["true", .. Conditions(before)]), "o.social_account_id", "request_id DESC", limit)
        : $"SELECT o.request_id FROM orchestrations o {Where(before)} ORDER BY o.request_id DESC LIMIT {limit}";

    // What else is asked for has an index of its own, or the index of accounts knows it.
    private bool IsOfAccounts => AccountId is null && ClipId is null && SearchId is null && SearchMetaId is null && RequestedBy is null && ChangedSince is null
        && Status is null or OrchestrationStatus.Succeeded or OrchestrationStatus.Failed or OrchestrationStatus.Cancelled;

    /// <summary>Nothing else is asked for.</summary>
    internal bool IsOfWordsAlone => IsByWords && Conditions(before: null).Count == 0;

    private List<string> Conditions(Guid? before)
    {
        List<string> conditions = [];
        if (before is not null) conditions.Add("o.request_id < @Last");
        if (UpTo is not null) conditions.Add("o.request_id <= @UpTo");
        if (WithoutCancelled) conditions.Add("NOT o.cancel_requested AND o.ending IS NULL");
        if (From is not null) conditions.Add("o.request_id >= @From");
        if (Before is not null) conditions.Add("o.request_id < @Before");
        // The state stands in the text so that the indexes of some states serve.
        if (Status is { } status) conditions.Add($"o.status = '{status.ToName()}'");
        if (AccountId is not null) conditions.Add("o.social_account_id = @AccountId");
        if (ClipId is not null) conditions.Add("o.request_id IN (SELECT k.request_id FROM run_clips k WHERE k.clip_id = @ClipId)");
        if (ChangedSince is not null) conditions.Add("(o.status IN ('queued', 'running', 'waiting') OR o.completed_at >= @ChangedSince OR o.reviewed_at >= @ChangedSince)");
        if (RequestedBy is not null) conditions.Add("o.requested_by = @RequestedBy");
        if (RequestedKey is not null) conditions.Add("o.requested_key = @RequestedKey");
        if (SearchId is not null) conditions.Add("o.request_id = @SearchId");
        if (SearchMetaId is not null) conditions.Add("o.request_id IN (SELECT s.request_id FROM orchestration_steps s WHERE s.meta_id = @SearchMetaId)");
        if (SearchWords is { Length: 0 }) conditions.Add("false");
        return conditions;
    }

    /// <summary>What <see cref="Where"/> asks for, and NamePatterns and Limit.</summary>
    internal DynamicParameters Parameters(Guid? before, int limit) =>
        new(new { Last = before, UpTo, From, Before, AccountId, ClipId, ChangedSince, SearchId, SearchMetaId, NamePatterns, RequestedBy, RequestedKey, Limit = limit, Scope = AccountScope.Accounts });

    /// <summary>Before all ids that are made of a time on this day, and behind all of the day before: of all that is listed by such ids.</summary>
    internal static Guid? FirstOf(DateOnly? since) => since is { } day ? First(day) : null;

    /// <summary>Behind all ids that are made of a time on this day.</summary>
    internal static Guid? FirstAfter(DateOnly? until) => until is { } day ? First(day.AddDays(1)) : null;

    private static Guid First(DateOnly day)
    {
        var milliseconds = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        return Guid.Parse($"{milliseconds[..8]}-{milliseconds[8..]}-0000-0000-000000000000");
    }

    [GeneratedRegex(@"^(\d{6,}|META_\w+)$")]
    private static partial Regex MetaId();
}
