using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Meta;

/// <summary>One change that was asked of Meta: what was sent and what came back. Never holds a token.</summary>
/// <param name="Outcome">done, adopted, or what the answer proves: not_sent, throttled, rejected, token_rejected, outcome_unknown.</param>
internal sealed record MetaChange(
    string Method, string Path, IReadOnlyDictionary<string, string> Sent, DateTimeOffset SentAt, string Outcome, int? HttpStatus, string? Answer);

/// <summary>Changes column by column: parameters of <see cref="Audit.ChangeLog.Cte"/>.</summary>
internal sealed record OpenChanges(
    int Count, string[] Methods, string[] Paths, string[] Sents, DateTimeOffset[] SentAts, string[] Outcomes, int?[] HttpStatuses, string?[] Answers)
{
    /// <remarks>A field: what is a property becomes a parameter.</remarks>
    public static readonly OpenChanges None = Of([]);

    /// <summary>The name of the key by which it was asked for; null: by none.</summary>
    public string? AskedKey { get; init; }

    private HashSet<MetaChange> _held = [];

    public bool Holds(MetaChange change) => _held.Contains(change);

    public static OpenChanges Of(MetaChange[] changes) => new(
        changes.Length, Array.ConvertAll(changes, one => one.Method), Array.ConvertAll(changes, one => one.Path), Array.ConvertAll(changes, one => JsonSerializer.Serialize(one.Sent)),
        Array.ConvertAll(changes, one => one.SentAt), Array.ConvertAll(changes, one => one.Outcome), Array.ConvertAll(changes, one => one.HttpStatus), Array.ConvertAll(changes, one => one.Answer))
    {
        _held = new(changes, ReferenceEqualityComparer.Instance),
    };
}

/// <summary>
/// Collects the changes made with one credential until the journal's next write commits them along. What is still here when the
/// process dies was journaled as started before, and is recorded as adopted when it is found again.
/// </summary>
internal sealed class MetaChanges
{
    private const int LongestValue = 2000;
    private readonly Lock _lock = new();
    private readonly List<MetaChange> _open = [];

    /// <summary>The name of the key by which all of it was asked for; null: by none, or that is not known.</summary>
    public string? AskedKey { get; init; }

    public void Add(HttpMethod method, string path, GraphFields sent, DateTimeOffset sentAt, string? answer, MetaException? refusal) =>
        Add(new(method.Method, path, Told(sent), sentAt,
            refusal is null ? "done" : OutcomeOf(refusal.Proof), refusal?.HttpStatus, Cut(refusal?.ForUser ?? answer)));

    /// <summary>What was sent, as the audit has it.</summary>
    public static Dictionary<string, string> Told(GraphFields sent) => sent.Encoded.ToDictionary(field => field.Key, field => Cut(field.Value)!);

    /// <summary>An object that was created without our hearing of it.</summary>
    public void AddAdopted(string step, string metaId, DateTimeOffset at) =>
        Add(new("POST", step, new Dictionary<string, string>(), at, "adopted", null, metaId));

    /// <summary>Something that was decided, and not sent.</summary>
    public void AddNote(string metaId, IReadOnlyDictionary<string, string> what, DateTimeOffset at) => Add(new("NOTE", metaId, what, at, "done", null, null));

    /// <summary>An activation of which an attempt that died may have been the author.</summary>
    public void AddPerhapsActivated(string metaId, DateTimeOffset at) => AddPerhaps(new(
        "POST", metaId, new Dictionary<string, string> { ["status"] = "ACTIVE" }, at, OutcomeOf(Proof.OutcomeUnknown), null, "an attempt whose process died may have activated it"));

    /// <summary>What stands at Meta as it was to be, and which an attempt that died may have sent.</summary>
    public void AddPerhapsSent(string metaId, GraphFields sent, DateTimeOffset at) => AddPerhaps(new(
        "POST", metaId, Told(sent), at, OutcomeOf(Proof.OutcomeUnknown), null, "an attempt whose process died may have sent it"));

    /// <summary>The same of a deletion.</summary>
    public void AddPerhapsDeleted(string metaId, DateTimeOffset at) => AddPerhaps(new(
        "DELETE", metaId, new Dictionary<string, string>(), at, OutcomeOf(Proof.OutcomeUnknown), null, "an attempt whose process died may have sent it"));

    /// <summary>Something of what is open may still be carried out.</summary>
    public bool IsAnyUnknown => Listed().Any(change => change.Outcome == OutcomeOf(Proof.OutcomeUnknown));

    /// <summary>Something of what is open has switched one of these on, or may yet.</summary>
    public bool MayHaveActivated(IReadOnlyCollection<string> metaIds) => Listed().Any(change => metaIds.Contains(change.Path) && change.Sent.GetValueOrDefault("status") == "ACTIVE" && (change.Outcome == "done" || change.Outcome == OutcomeOf(Proof.OutcomeUnknown)));

    /// <summary>When the last call was sent that may yet switch one of these on; null when there is none.</summary>
    public DateTimeOffset? MayActivateSince(IReadOnlyCollection<string> metaIds) => Listed().Where(change => metaIds.Contains(change.Path) && change.Sent.GetValueOrDefault("status") == "ACTIVE" && change.Outcome == OutcomeOf(Proof.OutcomeUnknown)).Max(change => (DateTimeOffset?)change.SentAt);

    /// <summary>What is open, as the journal's statements take it.</summary>
    public OpenChanges Open() => OpenChanges.Of(Listed()) with { AskedKey = AskedKey };

    /// <summary>Call after the commit that wrote these. Two that write at the same time may both tell of a change, and neither forgets one.</summary>
    public void Written(OpenChanges changes)
    {
        lock (_lock) _open.RemoveAll(changes.Holds);
    }

    private void AddPerhaps(MetaChange change)
    {
        if (!Listed().Any(open => open.Method == change.Method && open.Path == change.Path && open.Sent.Count == change.Sent.Count && !open.Sent.Except(change.Sent).Any())) Add(change);
    }

    private void Add(MetaChange change)
    {
        lock (_lock) _open.Add(change);
    }

    private MetaChange[] Listed()
    {
        lock (_lock) return [.. _open];
    }

    private static string OutcomeOf(Proof proof) => JsonNamingPolicy.SnakeCaseLower.ConvertName(proof.ToString());

    private static string? Cut(string? value) => value is { Length: > LongestValue } ? $"{value.Cut(100)}… ({value.Length} characters)" : value;
}
