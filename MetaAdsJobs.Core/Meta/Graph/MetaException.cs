namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>What an answer, or the lack of one, proves about the call.</summary>
public enum Proof
{
    /// <summary>The call never left this machine: not done.</summary>
    NotSent,

    /// <summary>Not done; wait until <see cref="MetaException.RetryAfter"/>.</summary>
    Throttled,

    /// <summary>Not done and will not be: the user or ops has to change something.</summary>
    Rejected,

    /// <summary>Not done: the account's token is no longer good.</summary>
    TokenRejected,

    /// <summary>Not done: Meta has blocked what the account does (368). Nothing of it may be written until a person has settled it.</summary>
    AccountBlocked,

    /// <summary>Perhaps done. A create must be looked for before it is repeated.</summary>
    OutcomeUnknown,
}

/// <summary>Meta did not do what was asked, or we cannot tell. Carries Meta's own facts; never a token or a URL.</summary>
public sealed class MetaException(Proof proof, string message, Exception? inner = null) : Exception(message, inner)
{
    public Proof Proof { get; } = proof;
    public int? HttpStatus { get; init; }
    public int? Code { get; init; }
    public int? Subcode { get; init; }
    public string? UserTitle { get; init; }
    public string? UserMessage { get; init; }
    public string? TraceId { get; init; }
    public IReadOnlyList<string> BlamedFields { get; init; } = [];

    /// <summary>What a person can do about it, where Meta's words leave that open.</summary>
    public string? Advice { get; init; }

    /// <summary>How long to stay away; only when throttled.</summary>
    public TimeSpan? RetryAfter { get; internal set; }

    /// <summary>True for a Graph object that is not there or not visible (100/33): for a delete, that is done.</summary>
    public bool IsMissingObject => Code == 100 && Subcode == 33;

    /// <summary>True when Meta has called an object missing twice, and has shown its account in between: it is gone, or not shown for a while. Nothing but time tells.</summary>
    public bool IsCalledMissing { get; init; }

    /// <summary>True when Meta has shown an object right after it had called it missing.</summary>
    public bool IsShown { get; init; }

    /// <summary>
    /// True for a refusal of a create that Meta calls final and yet takes back: the same has been accepted minutes later, unchanged. It proves
    /// as much as any other that nothing was created.
    /// </summary>
    public bool MayPass { get; init; }

    /// <summary>Which bytes of the file Meta wants next, where it refused others (1363037).</summary>
    public (long Start, long End)? WantedPart { get; init; }

    /// <summary>True when a report or list asked for more than Meta can gather at once (100/1487534, or code 1 that says so in words).</summary>
    public bool IsTooMuchAsked { get; init; }

    /// <summary>True when that may be for the size of the page alone: the same with fewer rows to a page may do.</summary>
    public bool IsPageTooLarge { get; init; }

    /// <summary>True when it took Meta too long to answer at once: prepared in the background it may do.</summary>
    public bool IsTooSlowAtOnce { get; init; }

    /// <summary>True when Meta cannot be reached, or answers what it answers while something of its own is down: the same may do later.</summary>
    public bool IsOutage { get; init; }

    /// <summary>True for a prepared report that cannot be shown (2601): for a while after it was completed, or for ever.</summary>
    public bool IsReportUnavailable => Code == 2601;

    /// <summary>True for a report that Meta will not make as it was asked for: for one of its fields, or for days it no longer keeps.</summary>
    public bool IsRequestRefused => Proof == Proof.Rejected && (Code == 100 || IsBeyondRetention) && !IsMissingObject && !IsTooMuchAsked;

    /// <summary>True for days that Meta no longer keeps (3018: more than 37 months back).</summary>
    public bool IsBeyondRetention => Code == 3018;

    /// <summary>True when a list led in a circle or nowhere: what it has not shown may yet be there.</summary>
    public bool IsEndlessList { get; init; }

    /// <summary>What to tell the user: Meta's own words for people where it gave some.</summary>
    public string ForUser
    {
        get
        {
            var words = UserMessage is null ? Message : UserTitle is null ? UserMessage : $"{UserTitle}: {UserMessage}";
            var blamed = BlamedFields.Count == 0 ? "" : $" [{string.Join(", ", BlamedFields)}]";
            var code = Code is null ? "" : Subcode is null ? $" (code {Code}" : $" (code {Code}/{Subcode}";
            var trace = TraceId is null ? "" : $", trace {TraceId}";
            var advice = Advice is null ? "" : $" - {Advice}";
            return code.Length == 0 ? words + blamed + advice : $"{words}{blamed}{advice}{code}{trace})";
        }
    }
}
