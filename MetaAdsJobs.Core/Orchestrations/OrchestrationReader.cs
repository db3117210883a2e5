using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Judging;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>Reads one run for the API.</summary>
public sealed class OrchestrationReader(NpgsqlDataSource dataSource)
{
    public async Task<OrchestrationResult?> FindAsync(Guid requestId, CancellationToken ct)
    {
        const string FindSql = """
            SELECT o.request_id, o.social_account_id, o.clip_id, o.campaign_name, o.requested_by, o.requested_key, o.ordered_by, o.ordered_key, o.accepted_at, o.started_at, o.completed_at, o.status, o.attempt,
                   o.next_attempt_at, o.wait_reason, o.errors::text, o.insights_sync::text, o.validation::text, (o.request ->> 'auto_publish')::boolean AS auto_publish,
                   (o.request ->> 'validate_only') IS NOT NULL AS validate_only, (k.video_id IS NULL OR o.status IN ('queued', 'running', 'waiting')) AS has_media,
                   o.request::text AS request, o.activate_at,
                   EXISTS (SELECT 1 FROM jsonb_array_elements_text(o.errors) e WHERE e LIKE 'at Meta: %') AS refused
            FROM orchestrations o
            LEFT JOIN clips k ON k.id = o.clip_id
            WHERE o.request_id = @RequestId;
            SELECT step, state, meta_id, started_at, COALESCE(deleted_at, confirmed_at) AS completed_at, error
            FROM orchestration_steps WHERE request_id = @RequestId;
            SELECT 'campaign' AS step, id, effective_status, issues::text FROM meta_campaigns WHERE request_id = @RequestId
            UNION ALL SELECT step, id, effective_status, issues::text FROM meta_adsets WHERE request_id = @RequestId
            UNION ALL SELECT step, id, effective_status, issues::text FROM meta_creatives WHERE request_id = @RequestId
            UNION ALL SELECT step, id, effective_status, issues::text FROM meta_ads WHERE request_id = @RequestId;
            SELECT c.meta_id AS campaign_id, c.status, ARRAY(SELECT e.edit_id FROM campaign_edits e WHERE e.request_id = c.request_id AND e.made_by = o.request_id ORDER BY e.number) AS edits
            FROM orchestrations o JOIN meta_campaigns c ON c.meta_id = o.request ->> 'campaign_id' WHERE o.request_id = @RequestId;
            SELECT e.edit_id, e.state AS status, e.due_at, COALESCE(e.error, e.wait_reason) AS reason FROM campaign_edits e
            WHERE e.made_by = @RequestId AND e.request_id IN (@RequestId, (SELECT c.request_id FROM orchestrations o JOIN meta_campaigns c ON c.meta_id = o.request ->> 'campaign_id' WHERE o.request_id = @RequestId)) ORDER BY e.number;
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var results = await connection.QueryMultipleAsync(new(FindSql, new { RequestId = requestId }, cancellationToken: ct));
        var row = await results.ReadSingleOrDefaultAsync<Row>();
        if (row is null || !AccountScope.Holds(row.SocialAccountId)) return null;
        var steps = (await results.ReadAsync<StepRow>()).ToDictionary(step => step.Step);
        var objects = (await results.ReadAsync<ObjectRow>()).ToDictionary(one => one.Step);
        var result = row.ToResult(steps, objects, await results.ReadSingleOrDefaultAsync<IntoRow>());
        var activations = (await results.ReadAsync<ActivationRow>()).Select(one => new ActivationResult(one.EditId, one.Status, one.DueAt, one.Reason)).ToList();
        return activations.Count == 0 ? result : result with { Activations = activations };
    }

    public async Task<bool> HasEndedAsync(Guid requestId, CancellationToken ct)
    {
        const string EndedSql = "SELECT status IN ('succeeded', 'failed', 'cancelled') FROM orchestrations WHERE request_id = @RequestId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(EndedSql, new { RequestId = requestId }, cancellationToken: ct));
    }

    private sealed record StepRow
    {
        public string Step { get; init; } = "";
        public string State { get; init; } = "";
        public string? MetaId { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
        public string? Error { get; init; }
    }

    /// <summary>What was recorded of an object once all was built.</summary>
    private sealed record ObjectRow
    {
        public string Step { get; init; } = "";
        public long Id { get; init; }
        public string? EffectiveStatus { get; init; }
        public string? Issues { get; init; }
    }

    private sealed record ActivationRow
    {
        public Guid EditId { get; init; }
        public string Status { get; init; } = "";
        public DateTimeOffset? DueAt { get; init; }
        public string? Reason { get; init; }
    }

    /// <summary>The campaign that was added to.</summary>
    private sealed record IntoRow
    {
        public string CampaignId { get; init; } = "";
        public string Status { get; init; } = "";
        public Guid[] Edits { get; init; } = [];
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public Guid SocialAccountId { get; init; }
        public Guid? ClipId { get; init; }
        public string CampaignName { get; init; } = "";
        public string RequestedBy { get; init; } = "";
        public string? RequestedKey { get; init; }
        public string? OrderedBy { get; init; }
        public string? OrderedKey { get; init; }
        public DateTimeOffset AcceptedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
        public string Status { get; init; } = "";
        public int Attempt { get; init; }
        public DateTimeOffset? NextAttemptAt { get; init; }
        public string? WaitReason { get; init; }
        public string Errors { get; init; } = "[]";
        public string? InsightsSync { get; init; }
        public bool AutoPublish { get; init; }
        public string? Validation { get; init; }
        public bool ValidateOnly { get; init; }
        public bool HasMedia { get; init; }
        public string Request { get; init; } = "";
        public bool Refused { get; init; }
        public DateTimeOffset? ActivateAt { get; init; }

        private static IEnumerable<ResultIssue> IssuesOf(string step, string? json) => json is null ? [] :
            JsonSerializer.Deserialize<ObjectIssue[]>(json, OrchestrationRequest.Json)!.Select(issue => new ResultIssue(step, issue.Level, issue.Code, issue.Summary, issue.Message));

        private string[] ErrorList => JsonSerializer.Deserialize<string[]>(Errors)!;

        public OrchestrationResult ToResult(Dictionary<string, StepRow> steps, Dictionary<string, ObjectRow> objects, IntoRow? into)
        {
            var insights = InsightsSync is null ? null : JsonSerializer.Deserialize<InsightsSyncResult>(InsightsSync, OrchestrationRequest.Json);
            var validation = Validation is null ? null : JsonSerializer.Deserialize<ValidationFinding[]>(Validation, OrchestrationRequest.Json);
            var ended = Status == "succeeded";
            var built = ended && !ValidateOnly;
            var request = OrchestrationRequest.FromJson(Request);
            var shape = new TreeShape(request);
            string? MetaId(string step) => shape.GivenId(step) ?? Made(step);
            string? Made(string step) => steps.GetValueOrDefault(step) is { State: StepState.Confirmed or StepState.Left } row ? row.MetaId : null;
            string StateOf(string step) => shape.GivenId(step) is not null ? "given" : steps.GetValueOrDefault(step)?.State ?? StepState.Pending;
            long? DbId(string step) => objects.GetValueOrDefault(step)?.Id;
            string? StatusOf(string step) => objects.GetValueOrDefault(step)?.EffectiveStatus;
            return new()
            {
                RequestId = RequestId, SocialAccountId = SocialAccountId, ClipId = ClipId, CampaignName = CampaignName, RequestedBy = RequestedBy, RequestedKey = RequestedKey, OrderedBy = OrderedBy, OrderedKey = OrderedKey,
                OverallSuccess = built ? (insights?.Success == true || request.IsAdoption) && !Refused : ended && validation?.All(finding => finding.Ok != false) == true,
                AcceptedAt = AcceptedAt, StartedAt = StartedAt, CompletedAt = CompletedAt, ActivateAt = ActivateAt,
                DurationSeconds = CompletedAt is null || StartedAt is null ? null : Math.Max(0, Math.Round((CompletedAt - StartedAt).Value.TotalSeconds, 3)),
                CampaignCreation = new()
                {
                    CampaignDbId = DbId(StepName.Campaign), CampaignMetaId = MetaId(StepName.Campaign), AdsetDbId = DbId(StepName.AdSet), AdsetMetaId = MetaId(StepName.AdSet),
                    AdDbId = DbId(StepName.Ad), AdMetaId = MetaId(StepName.Ad), CreativeDbId = DbId(StepName.Creative), CreativeMetaId = MetaId(StepName.Creative),
                    Success = built, Error = built ? null : ErrorList.FirstOrDefault(),
                },
                AdSets = ValidateOnly ? null : [.. shape.AdSets.Select(adSet => new AdSetResult(adSet.Name, DbId(adSet.Step), MetaId(adSet.Step), StateOf(adSet.Step), StatusOf(adSet.Step),
                    [.. adSet.Ads.Select(ad => new AdResult(ad.Name, ad.Request.Kind, AdNode.ClipsOf(ad.Request).Cast<Guid?>().FirstOrDefault(), [.. AdNode.ClipsOf(ad.Request)], ad.Request.PostId ?? ad.Request.InstagramMediaId, DbId(ad.Step), MetaId(ad.Step), DbId(ad.CreativeStep), MetaId(ad.CreativeStep), StateOf(ad.Step), StatusOf(ad.Step)))]))],
                Into = into is null ? null : new(into.CampaignId, request.AdSetId, into.Status, request.IsAdoption, into.Edits, !built || request.IsAdoption || into.Status == "ACTIVE" ? null
                    : $"the campaign is {into.Status.ToLowerInvariant()}: {(into.Status == "PAUSED" ? "what was added is shown once that is published" : "what was added is not shown")}"),
                InsightsSync = insights, Validation = validation, Errors = ErrorList, Status = Status, Attempt = Attempt, NextAttemptAt = NextAttemptAt, WaitReason = WaitReason,
                EffectiveStatus = StatusOf(StepName.Ad),
                Issues = [.. shape.LastFirst.Reverse().SelectMany(step => IssuesOf(step, objects.GetValueOrDefault(step)?.Issues))],
                Steps = [.. shape.Steps(step => HasMedia || steps.ContainsKey(step), AutoPublish && !(ended && steps.GetValueOrDefault(StepName.Activate)?.State != StepState.Confirmed), ValidateOnly).Select(name => steps.TryGetValue(name, out var step)
                    ? new StepResult(name, step.State, step.MetaId, step.StartedAt, step.CompletedAt, step.Error, StatusOf(name))
                    : new StepResult(name, StepState.Pending, null, null, null, null))],
            };
        }
    }
}
