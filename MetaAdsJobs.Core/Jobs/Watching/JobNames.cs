using Dapper;
using Hangfire.Common;
using MetaAdsJobs.Core.Jobs.Recurring;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>
/// What a job is called in the dashboard: its campaign's or account's name. Jobs carry ids only, so the name is read when it
/// is shown, and kept a minute: a page shows many jobs of few names, and an account may be renamed.
/// </summary>
internal sealed class JobNames(NpgsqlDataSource dataSource) : IDisposable
{
    private readonly MemoryCache _names = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public string Of(Job job)
    {
        const string CampaignSql = "SELECT campaign_name FROM orchestrations WHERE request_id = @Id";
        const string EditSql = "SELECT concat_ws(' ', e.kind, e.level, c.name) FROM campaign_edits e JOIN meta_campaigns c ON c.request_id = e.request_id WHERE e.edit_id = @Id";
        const string AccountSql = """
            SELECT a.name || ', ' || s.since || ' to ' || s.until FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id
            WHERE s.sync_id = @Id
            """;
        const string OwnerSql = "SELECT name FROM social_accounts WHERE id = @Id";
        const string StopSql = "SELECT COALESCE(a.name, 'all accounts') FROM stops s LEFT JOIN social_accounts a ON a.id = s.social_account_id WHERE s.id = @Id";
        const string BatchSql = "SELECT COALESCE(name, row_count || ' rows') FROM batches WHERE batch_id = @Id";
        const string WebhookSql = "SELECT shown_url FROM webhooks WHERE id = @Id";
        return job switch
        {
            { Args: [Guid id, ..] } when job.Type == typeof(OrchestrationJob) => $"Campaign: {Find(CampaignSql, id)}",
            { Args: [Guid id, ..] } when job.Type == typeof(BatchJob) => $"Batch: {Find(BatchSql, id)}",
            { Args: [Guid id, ..] } when job.Type == typeof(CampaignEditJob) => $"Edit: {Find(EditSql, id)}",
            { Args: [Guid id, ..] } when job.Type == typeof(InsightSyncJob) => $"Insights: {Find(AccountSql, id)}",
            { Args: [string zone, ..] } when job.Type == typeof(NightlySyncJob) => $"Night of {zone}",
            { Args: [Guid id, ..] } when job.Type == typeof(TokenCheckJob) => $"Token of {Find(OwnerSql, id)}",
            _ when job.Type == typeof(TokenCheckJob) => "Token check",
            { Args: [Guid id, ..] } when job.Type == typeof(PauseSpendingJob) => $"Stop: {Find(StopSql, id)}",
            { Args: [Guid id, ..] } when job.Type == typeof(ResumeSpendingJob) => $"Start: {Find(StopSql, id)}",
            { Args: [Guid id, ..] } when job.Type == typeof(DeliveryJob) => $"Events to {Find(WebhookSql, id)}",
            _ when job.Type == typeof(AlertJob) => "Alert rules",
            _ when job.Type == typeof(BudgetJob) => "Budget pools",
            _ when job.Type == typeof(ExperimentJob) => "Experiments",
            { Method.Name: nameof(SweepJob.RunBrakesAsync) } when job.Type == typeof(SweepJob) => "Sweep of stops",
            { Method.Name: nameof(SweepJob.RunClipFilesAsync) } when job.Type == typeof(SweepJob) => "Sweep of clip files",
            _ when job.Type == typeof(SweepJob) => "Sweep",
            _ => job.ToString(),
        };
    }

    private string Find(string sql, Guid id)
    {
        if (_names.TryGetValue(id, out string? known)) return known!;
        using var connection = dataSource.OpenConnection();
        var name = connection.QuerySingleOrDefault<string?>(sql, new { Id = id });
        if (name is null) return id.ToString();
        return _names.Set(id, name, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) });
    }

    public void Dispose() => _names.Dispose();
}
