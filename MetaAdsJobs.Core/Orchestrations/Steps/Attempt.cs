using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Meta.Creatives;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Judging;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <param name="Refusals">How often Meta has refused to create it in a way that may pass.</param>
internal sealed record StepRecord(string Step, string State, string? MetaId, DateTimeOffset? StartedAt, int Refusals = 0)
{
    /// <summary>The steps of the row whose key is given, as one text: <see cref="ReadAll"/> reads it.</summary>
    public static string AllOf(ClaimTable table) =>
        $"(SELECT json_agg(json_build_array(s.step, s.state, s.meta_id, s.started_at, s.refusals)) FROM {table.Steps} s WHERE s.{table.Key} = @{table.Parameter})::text";

    public static Dictionary<string, StepRecord> ReadAll(string? steps) => JsonSerializer.Deserialize<List<JsonElement[]>>(steps ?? "[]")!.ToDictionary(
        step => step[0].GetString()!,
        step => new StepRecord(step[0].GetString()!, step[1].GetString()!, step[2].GetString(), step[3].ValueKind == JsonValueKind.Null ? null : step[3].GetDateTimeOffset(), step[4].GetInt32()));
}

/// <summary>How a step stands that an attempt has begun: whether it may have been done, as far as answers prove anything.</summary>
internal sealed class BegunStep(string step)
{
    /// <summary>Follows a fence: makes steps that were not done pending again. Takes @Reason and what <see cref="Columns"/> makes of them.</summary>
    public static string NotDoneOf(ClaimTable table) => $"""
        not_done AS (
            UPDATE {table.Steps} s SET state = 'pending', error = COALESCE(n.error, @Reason), refusals = s.refusals + n.refusals
            FROM fence, unnest(@NotDone::text[], @NotDoneErrors::text[], @NotDoneRefusals::int[]) AS n(step, error, refusals)
            WHERE s.{table.Key} = fence.{table.Key} AND s.step = n.step AND s.state = 'started')
        """;

    private bool _isUnderWay;

    public string Step { get; } = step;

    /// <summary>The answer that proves that it was not done; null without one.</summary>
    public MetaException? Refusal { get; private set; }

    /// <summary>A create was sent, and no answer proves that it was not done.</summary>
    public bool IsPerhapsDone => _isUnderWay && StepName.IsCreate(Step) && Refusal is null;

    public bool IsNotDone => !_isUnderWay || Refusal is not null;

    /// <summary>From here on it may be done, whatever becomes of the process.</summary>
    public void Sends() => _isUnderWay = true;

    public static (string[] Steps, string?[] Errors, int[] Refusals) Columns(IReadOnlyList<BegunStep> steps) => (
        [.. steps.Select(one => one.Step)], [.. steps.Select(one => one.Refusal?.ForUser)],
        [.. steps.Select(one => one.Refusal is { Proof: Proof.Rejected, MayPass: true } ? 1 : 0)]);

    /// <remarks>Activating is several calls: no answer to one of them proves anything of the others.</remarks>
    public void Answered(MetaException answer)
    {
        if (answer.Proof != Proof.OutcomeUnknown && StepName.KindOf(Step) != StepName.Activate) Refusal = answer;
    }
}

/// <summary>
/// One run of an orchestration: the claim that allows it and everything it works with. Only <see cref="StepJournal"/> changes
/// what is known of the steps, after the commit that makes it true.
/// </summary>
internal sealed class Attempt
{
    /// <summary>Steps that are under way together: so many an attempt that dies leaves to be looked for.</summary>
    public const int MostTogether = 10;

    private DateTimeOffset _settledAt;

    public required Guid RequestId { get; init; }

    /// <summary>The edit that makes a creative for an ad of the run; null of the run's own attempts.</summary>
    public Guid? EditId { get; init; }

    /// <summary>What alone is made, of the whole tree; null: all of it.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary>Whose row it holds.</summary>
    public ClaimTable Table => EditId is null ? ClaimTable.Orchestrations : ClaimTable.Edits;

    /// <summary>The fencing token: a write of this attempt is refused once another number holds the orchestration.</summary>
    public required int Number { get; init; }
    public required OrchestrationRequest Request { get; init; }
    public required SocialAccount Account { get; init; }

    /// <summary>By the step that brings it to Meta.</summary>
    public required IReadOnlyDictionary<string, ClipMedia> Media { get; init; }
    public required AdTree Tree { get; init; }
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
    public required DateTimeOffset SettledAt
    {
        get => ClockSettledAt() is var clock && clock > _settledAt ? clock : _settledAt;
        set => _settledAt = value;
    }

    /// <summary>From when on the clock that <see cref="SettledAt"/> goes by has been steady for long enough.</summary>
    public required Func<DateTimeOffset> ClockSettledAt { get; init; }
    public required Dictionary<string, StepRecord> Steps { get; set; }
    public required Lease Lease { get; init; }

    /// <summary>
    /// The steps that this attempt has started, or gone on with, and not yet confirmed. A create that an earlier attempt has started is not
    /// among them: it must be looked for.
    /// </summary>
    public Dictionary<string, BegunStep> Begun { get; } = [];

    /// <summary>Somebody has to approve before it is activated: that is done by an edit, which can wait for it.</summary>
    public bool LeavesActivation { get; init; }

    /// <summary>Something of what this attempt has sent may have been done without an answer that tells so.</summary>
    public bool MayHaveSent => Begun.Values.Any(step => step.IsPerhapsDone);

    /// <summary>The steps that this attempt has started and that certainly were not done: they are pending again.</summary>
    public IReadOnlyList<BegunStep> NotDone => [.. Begun.Values.Where(step => step.IsNotDone)];

    /// <summary>What this attempt has told Meta to activate: its audit has that.</summary>
    public HashSet<string> Activated { get; } = [];

    /// <summary>How often stops had noted something of it when this attempt began to activate it; null when it has not.</summary>
    public int? NotesBefore { get; set; }

    /// <summary>False while it is undone and something that may have been activated is not paused, or Meta refuses that.</summary>
    public bool IsPaused { get; set; } = true;

    /// <summary>In which currency Meta bills the account; null until Meta has told it.</summary>
    public string? MetaCurrency { get; set; }

    /// <summary>Whether Meta has shown what is to be added to.</summary>
    public bool IsGivenSeen { get; set; }

    /// <summary>What Meta said of a request that is only to be judged; empty before.</summary>
    public IReadOnlyList<ValidationFinding> Validation { get; set; } = [];

    /// <remarks>A creative made before videos at Meta were awaited needs no media step any more.</remarks>
    public IReadOnlyList<string> Plan => Only ?? Tree.Shape.Steps(
        step => Media[step].Clip.VideoId is null || Steps.ContainsKey(step) || Tree.Shape.AdsOf(step).Any(ad => StateOf(ad.CreativeStep) == StepState.Pending),
        Request.AutoPublish && !LeavesActivation, Request.ValidateOnly);

    public string StateOf(string step) => Steps.TryGetValue(step, out var record) ? record.State : StepState.Pending;

    /// <summary>Meta's id of a confirmed step, or of what is given.</summary>
    public string MetaId(string step) =>
        FindMetaId(step) ?? throw new InvalidOperationException($"Step {step} of {RequestId} has no id yet");

    /// <summary>How often Meta has refused the step in a way that may pass, before this attempt.</summary>
    public int RefusalsOf(string step) => Steps.GetValueOrDefault(step)?.Refusals ?? 0;

    public string? FindMetaId(string step) => Steps.GetValueOrDefault(step)?.MetaId ?? Tree.Shape.GivenId(step);

    public ClipMedia MediaOf(string step) => Media[step];

    public string? VideoIdOf(ClipMedia media) => media.Clip.VideoId ?? (media.Clip.IsUploadedVideo ? FindMetaId(media.Step) : null);

    public string? ImageHashOf(ClipMedia media) => media.Clip.IsImage ? FindMetaId(media.Step) : null;

    /// <summary>A clip once its media step is done; of a video the thumbnail has to be known.</summary>
    public ClipAtMeta AtMeta(Guid clipId)
    {
        var media = MediaOf(Tree.Shape.MediaStepOf(clipId));
        return media.AtMeta(VideoIdOf(media), ImageHashOf(media));
    }

    /// <summary>What can be under way now, not more than <see cref="MostTogether"/> of it: not confirmed yet, and everything it needs is.</summary>
    public IReadOnlyList<string> Ready(IReadOnlyCollection<string> done)
    {
        var open = Plan.Where(step => StateOf(step) != StepState.Confirmed && !done.Contains(step)).ToList();
        var isOpen = open.ToHashSet(StringComparer.Ordinal);
        return [.. open.Where(step => !Tree.Shape.NeedsOf(step).Any(isOpen.Contains)).Take(MostTogether)];
    }
}

/// <summary>A clip on its way to Meta, and what is known of it there.</summary>
/// <param name="KnownImageHash">The image in the ad account's library, if it was there at the claim.</param>
internal sealed record ClipMedia(string Step, Clip Clip, string? KnownImageHash)
{
    /// <summary>A picture for a video creative: the clip's own, or what was learnt while the video was processed.</summary>
    public string? ThumbnailUrl { get; set; } = Clip.ThumbnailUrl is null ? null : Urls.Encode(Clip.ThumbnailUrl);

    public ClipAtMeta AtMeta(string? videoId, string? imageHash) => new(videoId, imageHash, videoId is not null ? ThumbnailUrl : Clip.ImageUrl is { } url ? Urls.Encode(url) : null);
}
