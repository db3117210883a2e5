using System.Text.Json;
using Dapper;
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
            SELECT o.request_id, o.social_account_id, o.clip_id, o.campaign_name, o.accepted_at, o.started_at, o.completed_at, o.status, o.attempt,
                   o.next_attempt_at, o.wait_reason, o.errors::text, o.insights_sync::text, o.validation::text, (o.request ->> 'auto_publish')::boolean AS auto_publish,
                   (o.request ->> 'validate_only') IS NOT NULL AS validate_only, (k.video_id IS NULL OR o.status IN ('queued', 'running', 'waiting')) AS has_media,
                   c.id AS campaign_db_id, s.id AS adset_db_id, a.id AS ad_db_id, r.id AS creative_db_id,
                   c.effective_status AS campaign_status, s.effective_status AS adset_status, r.effective_status AS creative_status, a.effective_status AS ad_status,
                   c.issues::text AS campaign_issues, s.issues::text AS adset_issues, r.issues::text AS creative_issues, a.issues::text AS ad_issues,
                   EXISTS (SELECT 1 FROM jsonb_array_elements_text(o.errors) e WHERE e LIKE 'at Meta: %') AS refused
            FROM orchestrations o
            JOIN clips k ON k.id = o.clip_id
            LEFT JOIN meta_campaigns c ON c.request_id = o.request_id
            LEFT JOIN meta_adsets s ON s.request_id = o.request_id
            LEFT JOIN meta_creatives r ON r.request_id = o.request_id
            LEFT JOIN meta_ads a ON a.request_id = o.request_id
            WHERE o.request_id = @RequestId;
            SELECT step, state, meta_id, started_at, COALESCE(deleted_at, confirmed_at) AS completed_at, error
            FROM orchestration_steps WHERE request_id = @RequestId;
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var results = await connection.QueryMultipleAsync(new(FindSql, new { RequestId = requestId }, cancellationToken: ct));
        var row = await results.ReadSingleOrDefaultAsync<Row>();
        return row?.ToResult((await results.ReadAsync<StepRow>()).ToDictionary(step => step.Step));
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

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public Guid SocialAccountId { get; init; }
        public Guid ClipId { get; init; }
        public string CampaignName { get; init; } = "";
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
        public long? CampaignDbId { get; init; }
        public long? AdsetDbId { get; init; }
        public long? AdDbId { get; init; }
        public long? CreativeDbId { get; init; }

        public string? CampaignStatus { get; init; }
        public string? AdsetStatus { get; init; }
        public string? CreativeStatus { get; init; }
        public string? AdStatus { get; init; }
        public string? CampaignIssues { get; init; }
        public string? AdsetIssues { get; init; }
        public string? CreativeIssues { get; init; }
        public string? AdIssues { get; init; }
        public bool Refused { get; init; }

        private string? StatusOf(string step) => step switch
        {
            StepName.Campaign => CampaignStatus,
            StepName.AdSet => AdsetStatus,
            StepName.Creative => CreativeStatus,
            StepName.Ad => AdStatus,
            _ => null,
        };

        private static IEnumerable<ResultIssue> IssuesOf(string step, string? json) => json is null ? [] :
            JsonSerializer.Deserialize<ObjectIssue[]>(json, OrchestrationRequest.Json)!.Select(issue => new ResultIssue(step, issue.Level, issue.Code, issue.Summary, issue.Message));

        private string[] ErrorList => JsonSerializer.Deserialize<string[]>(Errors)!;

        public OrchestrationResult ToResult(Dictionary<string, StepRow> steps)
        {
            var insights = InsightsSync is null ? null : JsonSerializer.Deserialize<InsightsSyncResult>(InsightsSync, OrchestrationRequest.Json);
            var validation = Validation is null ? null : JsonSerializer.Deserialize<ValidationFinding[]>(Validation, OrchestrationRequest.Json);
            var ended = Status == "succeeded";
            var built = ended && !ValidateOnly;
            string? MetaId(string step) => steps.GetValueOrDefault(step) is { State: StepState.Confirmed or StepState.Left } row ? row.MetaId : null;
            return new()
            {
                RequestId = RequestId, SocialAccountId = SocialAccountId, ClipId = ClipId, CampaignName = CampaignName,
                OverallSuccess = built ? insights?.Success == true && !Refused : ended && validation?.All(finding => finding.Ok != false) == true,
                AcceptedAt = AcceptedAt, StartedAt = StartedAt, CompletedAt = CompletedAt,
                DurationSeconds = CompletedAt is null || StartedAt is null ? null : Math.Round((CompletedAt - StartedAt).Value.TotalSeconds, 3),
                CampaignCreation = new()
                {
                    CampaignDbId = CampaignDbId, CampaignMetaId = MetaId(StepName.Campaign), AdsetDbId = AdsetDbId, AdsetMetaId = MetaId(StepName.AdSet),
                    AdDbId = AdDbId, AdMetaId = MetaId(StepName.Ad), CreativeDbId = CreativeDbId, CreativeMetaId = MetaId(StepName.Creative),
                    Success = built, Error = built ? null : ErrorList.FirstOrDefault(),
                },
                InsightsSync = insights, Validation = validation, Errors = ErrorList, Status = Status, Attempt = Attempt, NextAttemptAt = NextAttemptAt, WaitReason = WaitReason,
                EffectiveStatus = AdStatus,
                Issues =
                [
                    .. IssuesOf(StepName.Campaign, CampaignIssues), .. IssuesOf(StepName.AdSet, AdsetIssues),
                    .. IssuesOf(StepName.Creative, CreativeIssues), .. IssuesOf(StepName.Ad, AdIssues),
                ],
                Steps = [.. StepName.For(HasMedia || steps.ContainsKey(StepName.Media), AutoPublish, ValidateOnly).Select(name => steps.TryGetValue(name, out var step)
                    ? new StepResult(name, step.State, step.MetaId, step.StartedAt, step.CompletedAt, step.Error, StatusOf(name))
                    : new StepResult(name, StepState.Pending, null, null, null, null))],
            };
        }
    }
}
