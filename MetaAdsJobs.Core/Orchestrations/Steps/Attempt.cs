using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <param name="Refusals">How often Meta has refused to create it in a way that may pass.</param>
internal sealed record StepRecord(string Step, string State, string? MetaId, DateTimeOffset? StartedAt, int Refusals = 0)
{
    /// <summary>The steps of the orchestration whose @RequestId is given, as one text: <see cref="ReadAll"/> reads it.</summary>
    public const string AllSql = """
        (SELECT json_agg(json_build_array(s.step, s.state, s.meta_id, s.started_at, s.refusals)) FROM orchestration_steps s WHERE s.request_id = @RequestId)::text
        """;

    public static Dictionary<string, StepRecord> ReadAll(string? steps) => JsonSerializer.Deserialize<List<JsonElement[]>>(steps ?? "[]")!.ToDictionary(
        step => step[0].GetString()!,
        step => new StepRecord(step[0].GetString()!, step[1].GetString()!, step[2].GetString(), step[3].ValueKind == JsonValueKind.Null ? null : step[3].GetDateTimeOffset(), step[4].GetInt32()));
}

/// <summary>
/// One run of an orchestration: the claim that allows it and everything it works with. Only <see cref="StepJournal"/> changes
/// what is known of the steps, after the commit that makes it true.
/// </summary>
internal sealed class Attempt
{
    public required Guid RequestId { get; init; }

    /// <summary>The fencing token: a write of this attempt is refused once another number holds the orchestration.</summary>
    public required int Number { get; init; }
    public required int Round { get; init; }
    public required OrchestrationRequest Request { get; init; }
    public required SocialAccount Account { get; init; }
    public required Clip Clip { get; init; }
    public required GraphCredential Credential { get; init; }

    /// <summary>Who asked for what this attempt does at Meta.</summary>
    public required string AskedBy { get; init; }
    public required bool CancelRequested { get; init; }

    /// <summary>Attempts in a row that ended with the death of their process; the undo counts anew.</summary>
    public required int Abandoned { get; set; }
    public required int Failures { get; set; }

    /// <summary>How the orchestration will end once it is undone; null while it goes forward.</summary>
    public string? Ending { get; set; }

    /// <summary>From when on a create that is not found certainly does not exist.</summary>
    public required DateTimeOffset SettledAt { get; set; }
    public required Dictionary<string, StepRecord> Steps { get; set; }
    public required Lease Lease { get; init; }

    /// <summary>The step this attempt has started and not yet confirmed; a started step of an earlier attempt must be looked for.</summary>
    public string? StartedByThisAttempt { get; set; }

    /// <summary>Whether that step's call may have left: until an answer proves otherwise, it may be done.</summary>
    public bool IsSent { get; set; }

    /// <summary>The step this attempt has started and certainly not sent.</summary>
    public string? Unsent => IsSent ? null : SingleCallStarted;

    /// <summary>The outcome of something this attempt has sent is not known, unless it is this step, of which an answer proves that it was not done.</summary>
    public bool MayHaveSent(string? notDone) => IsSent && StartedByThisAttempt is not null && notDone is null;

    /// <summary>The same, when an answer proves that it was not done: a step of several calls is never proven so as a whole.</summary>
    public string? SingleCallStarted => StartedByThisAttempt == StepName.Activate ? null : StartedByThisAttempt;

    /// <summary>What this attempt has told Meta to activate: its audit has that.</summary>
    public HashSet<string> Activated { get; } = [];

    /// <summary>False when Meta refused to pause something that may have been activated.</summary>
    public bool IsPaused { get; set; } = true;

    /// <summary>In which currency Meta bills the account; null until Meta has told it.</summary>
    public string? MetaCurrency { get; set; }

    /// <summary>A picture for a video creative, learnt while the video was processed.</summary>
    public string? ThumbnailUrl { get; set; }

    /// <summary>What Meta said of a request that is only to be judged; empty before.</summary>
    public IReadOnlyList<ValidationFinding> Validation { get; set; } = [];

    /// <remarks>A creative made before videos at Meta were awaited needs no media step any more.</remarks>
    public IReadOnlyList<string> Plan => StepName.For(
        Clip.VideoId is null || Steps.ContainsKey(StepName.Media) || StateOf(StepName.Creative) == StepState.Pending, Request.AutoPublish, Request.ValidateOnly);

    public string StateOf(string step) => Steps.TryGetValue(step, out var record) ? record.State : StepState.Pending;

    /// <summary>Meta's id of a confirmed step.</summary>
    public string MetaId(string step) =>
        FindMetaId(step) ?? throw new InvalidOperationException($"Step {step} of {RequestId} has no id yet");

    /// <summary>How often Meta has refused the step in a way that may pass, before this attempt.</summary>
    public int RefusalsOf(string step) => Steps.GetValueOrDefault(step)?.Refusals ?? 0;

    public string? FindMetaId(string step) => Steps.GetValueOrDefault(step)?.MetaId;

    public string MarkerOf(string step) => Marker.For(RequestId, Round, step);
}
