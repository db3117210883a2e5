using Microsoft.Extensions.Configuration;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>
/// The brief's flat configuration names and the section key each one stands for. A flat name, usually an environment
/// variable, wins over the section in appsettings.
/// </summary>
public static class SeedKeys
{
    private static readonly (string Flat, string Section)[] Pairs =
    [
        ("DATABASE_URL", "Database:Url"),
        ("META_ADS_MODE", "Meta:Mode"),
        ("META_GRAPH_URL", "Meta:GraphUrl"),
        ("META_GRAPH_VIDEO_URL", "Meta:GraphVideoUrl"),
        ("META_GRAPH_VERSION", "Meta:GraphVersion"),
        ("META_APP_ID", "Meta:AppId"),
        ("META_APP_SECRET", "Meta:AppSecret"),
        ("META_MUTATIONS_PER_SECOND", "Meta:MutationsPerSecond"),
        ("AUTH_SIGNING_KEY", "Auth:SigningKey"),
        ("AUTH_AUTHORITY", "Auth:Authority"),
        ("AUTH_AUDIENCE", "Auth:Audience"),
        ("AUTH_ROLE_CLAIM", "Auth:RoleClaim"),
        ("AUTH_ACCOUNTS_CLAIM", "Auth:AccountsClaim"),
        ("SIGN_IN_AUTHORITY", "Auth:SignInAuthority"),
        ("SIGN_IN_CLIENT_ID", "Auth:SignInClientId"),
        ("SIGN_IN_CLIENT_SECRET", "Auth:SignInClientSecret"),
        ("SIGN_IN_MAIL_CLAIM", "Auth:SignInMailClaim"),
        ("SIGN_IN_MAIL_TRUSTED", "Auth:SignInMailTrusted"),
        ("SIGN_IN_ROLE_CLAIM", "Auth:SignInRoleClaim"),
        ("SIGN_IN_GROUPS_CLAIM", "Auth:SignInGroupsClaim"),
        ("DATA_PROTECTION_KEY", "Database:DataProtectionKey"),
        ("RATE_LIMIT_PER_SECOND", "Api:RateLimitPerSecond"),
        ("SIGN_INS_PER_MINUTE", "Api:SignInsPerMinute"),
        ("PATH_BASE", "Api:PathBase"),
        ("CLIP_FILES_DIR", "Clips:FilesDir"),
        ("CLIP_FILE_MAX_MB", "Clips:FileMaxMb"),
        ("REVIEW_DEADLINE_HOURS", "Orchestration:ReviewDeadlineHours"),
        ("CAMPAIGN_CAP_CENTS", "Spending:CampaignCapCents"),
        ("ACCOUNT_DAILY_CAP_CENTS", "Spending:AccountDailyCapCents"),
        ("EVENTS_SOURCE", "Events:Source"),
        ("EVENTS_ALLOW_PRIVATE_HOSTS", "Events:AllowPrivateHosts"),
        ("EVENTS_ALLOW_HTTP", "Events:AllowHttp"),
        ("EVENTS_KEEP_DAYS", "Events:KeepDays"),
        ("EVENTS_PUBLIC_URL", "Events:PublicUrl"),
        ("SMTP_HOST", "Smtp:Host"),
        ("SMTP_PORT", "Smtp:Port"),
        ("SMTP_SECURITY", "Smtp:Security"),
        ("SMTP_USER", "Smtp:User"),
        ("SMTP_PASSWORD", "Smtp:Password"),
        ("SMTP_FROM", "Smtp:From"),
        ("ALERTS_KEEP_DAYS", "Alerts:KeepDays"),
        ("CLIP_EVENTS_KEEP_DAYS", "Publishers:KeepDays"),
        ("ACTIVATION_LATE_MINUTES", "Schedule:LateMinutes"),
        ("APPROVAL_HOURS", "Schedule:ApprovalHours"),
        ("NIGHTLY_SYNC_AT", "Insights:NightlySyncAt"),
        ("INSIGHTS_LOOKBACK_DAYS", "Insights:LookbackDays"),
        ("INSIGHTS_OUTAGE_HOURS", "Insights:OutageHours"),
        ("MAX_RETRIES", "Orchestration:MaxRetries"),
        ("RETRY_DELAY_SECONDS", "Orchestration:RetryDelaySeconds"),
        ("SETTLE_DELAY_SECONDS", "Orchestration:SettleDelaySeconds"),
        ("LEASE_SECONDS", "Orchestration:LeaseSeconds"),
        ("BATCH_RUNS_AT_ONCE", "Batches:RunsAtOnce"),
        ("WORKER_THREADS", "Jobs:WorkerThreads"),
        ("TAKE_OVER_SECONDS", "Jobs:TakeOverSeconds"),
        ("WORKER_METRICS_PORT", "Jobs:MetricsPort"),
    ];

    public static T AddSeedKeys<T>(this T configuration) where T : IConfigurationManager
    {
        var sections = Pairs
            .Where(pair => !string.IsNullOrWhiteSpace(configuration[pair.Flat]))
            .ToDictionary(pair => pair.Section, pair => configuration[pair.Flat]);
        configuration.AddInMemoryCollection(sections);
        return configuration;
    }

    /// <summary>What a person would have set for a section key: the flat name where there is one.</summary>
    public static string NameFor(string section) =>
        Pairs.FirstOrDefault(pair => string.Equals(pair.Section, section, StringComparison.OrdinalIgnoreCase)).Flat ?? section;
}
