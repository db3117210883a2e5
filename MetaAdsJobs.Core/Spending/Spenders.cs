using System.Collections.Concurrent;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>One activated tree, as the stop switch deals with it.</summary>
internal sealed record Spender
{
    public required Guid RequestId { get; init; }

    /// <summary>The stop that lists it, or whose lifting does.</summary>
    public required Guid StopId { get; init; }
    public required OrchestrationRequest Request { get; init; }
    public required SocialAccount Account { get; init; }

    /// <summary>Null when the account's token cannot be opened.</summary>
    public required GraphCredential? Credential { get; init; }

    /// <summary>True while its own activation has not ended: everything it has may become active.</summary>
    public required bool IsActivating { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>The same as somebody has changed it since it was listed, when something was to be noted.</summary>
    public required DateTimeOffset SeenAt { get; set; }
    public required bool IsIdle { get; init; }

    /// <summary>It is not known to be active: what may be, comes before it.</summary>
    public required bool IsOff { get; init; }

    /// <summary>A stop has paused something of it, but not its campaign: that was paused already, or a person has paused it since.</summary>
    public required bool IsBelowPaused { get; init; }
    public required string? CampaignId { get; init; }

    /// <summary>Its ad set and ad, to be paused, too. None of a tree: hundreds would keep others waiting, and below a paused campaign nothing spends.</summary>
    public required IReadOnlyList<string> ChildIds { get; init; }

    /// <summary>In the order in which they are activated: the campaign's own call is the last and makes the money flow.</summary>
    public IEnumerable<string> Switches => ChildIds.Reverse().Append(CampaignId).OfType<string>();

    /// <summary>A call that activates it may still be under way, from before it was listed.</summary>
    public required bool IsBusy { get; init; }

    /// <summary>What a stop has paused, or is about to.</summary>
    public required HashSet<string> PausedIds { get; set; }

    /// <summary>What this run has noted, and tells with its next write.</summary>
    public HashSet<string> NotedIds { get; } = [];

    /// <summary>How many this run has had.</summary>
    public int Permits { get; private set; }

    /// <summary>When the last of them is over, by the database's clock; null without one.</summary>
    public DateTimeOffset? PermittedUntil { get; set; }

    public void Permitted(Permit permit) => (Permits, PermittedUntil, Notes) = (Permits + 1, permit.Until, permit.Notes);

    /// <summary>How often a stop had noted something of it when this run had its permit.</summary>
    public int Notes { get; private set; }

    /// <summary>Under which this run has noted that it is pausing.</summary>
    public Guid PauseId { get; } = Guid.NewGuid();

    /// <summary>Something that this run has sent may still be carried out.</summary>
    public bool MayComeYet { get; set; }

    /// <summary>The pause that is over with the next write. What has no answer is over when its time is.</summary>
    public Guid? OverId => MayComeYet ? null : PauseId;
}

/// <summary>Lists activated trees, a page at a time.</summary>
internal sealed class Spenders(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    // Two words further apart than this do not say that it was missing all the time.
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(30);

    // What Meta calls missing: since when, and when it last did, as far as this process was told. Another one only waits longer.
    private readonly ConcurrentDictionary<string, (DateTimeOffset Since, DateTimeOffset Last)> _missing = [];

    public const int PageSize = 500;

    // Dapper maps the account's columns first, the rest from request_id on.
    private const string SpenderSql = $"""
        SELECT {AccountStore.Columns}, v.request_id, v.state = 'activating' AS is_activating, v.changed_at AS activation_changed_at, COALESCE(v.busy_until > clock_timestamp(), false) AS is_busy, v.paused_ids, v.state = 'idle' AS is_idle, v.state = 'paused' AS is_paused,
               o.request::text AS request, social_accounts.access_token,
               (SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step = 'campaign') AS campaign_id,
               ARRAY(SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step IN ('adset', 'ad') AND s.meta_id IS NOT NULL AND NOT o.request ? 'ad_sets'
                     ORDER BY s.step DESC) AS child_ids
        FROM activations v
        JOIN social_accounts ON social_accounts.id = v.social_account_id
        JOIN orchestrations o ON o.request_id = v.request_id
        WHERE social_accounts.retired_at IS NULL AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId) AND ({IsOff}, v.request_id) > (@AfterOff, @After)
        """;

    private const string IsOff = "v.state IN ('idle', 'paused')";

    /// <summary>What the stop covers and may be active; after it, what was paused once, by hand, by an edit, or by an earlier stop that has not been given back: somebody may have switched it on since.</summary>
    public Task<IReadOnlyList<Spender>> ListSpendingAsync(Stop stop, Spender? after, CancellationToken ct) => ListAsync($"""
        {SpenderSql} AND v.state IN ('activating', 'active', 'idle', 'paused') AND (v.state <> 'paused' OR v.found_paused_at IS NULL OR v.found_paused_at < @StoppedAt)
        ORDER BY {IsOff}, v.request_id LIMIT {PageSize}
        """, stop, after, ct);

    /// <summary>What a stop has paused, or was about to when it died, or somebody was about to activate again, of orchestrations that have succeeded; none that another stop covers, or that a later start was to leave.</summary>
    public Task<IReadOnlyList<Spender>> ListPausedAsync(Stop stop, Spender? after, CancellationToken ct) => ListAsync($$"""
        {{SpenderSql}} AND o.status = 'succeeded' AND v.state IN ('paused', 'activating', 'active', 'idle') AND v.paused_ids <> '{}' AND NOT {{PermitHolder.IsLeft}}
          AND NOT EXISTS (SELECT 1 FROM stops s WHERE (s.lifted_at IS NULL OR s.lifted_at > @LiftedAt AND NOT s.reactivate) AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
        ORDER BY {{IsOff}}, v.request_id LIMIT {{PageSize}}
        """, stop, after, ct);

    /// <summary>What a start was to leave paused while calls of an earlier one may activate it; none that another stop covers, which pauses it.</summary>
    public Task<IReadOnlyList<Spender>> ListLeftAsync(Stop stop, Spender? after, CancellationToken ct) => ListAsync($"""
        {SpenderSql} AND v.state = 'activating' AND v.is_left
          AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
        ORDER BY {IsOff}, v.request_id LIMIT {PageSize}
        """, stop, after, ct);

    /// <summary>Meta calls it missing, and shows its account. The comparison looks at its campaign soon, too, and believes it when it is told the same an hour later; what a stop has paused it leaves to the stop, and to the start.</summary>
    /// <returns>True when Meta has called it missing for so long that it is believed.</returns>
    public async Task<bool> IsGoneAsync(Guid requestId, string metaId, CancellationToken ct)
    {
        await CompareSoonAsync(requestId, ct);
        var now = time.GetUtcNow();
        foreach (var (old, _) in _missing.Where(one => now - one.Value.Last > Apart)) _missing.TryRemove(old, out var _);
        return now - _missing.AddOrUpdate(metaId, (now, now), (_, before) => (before.Since, now)).Since >= MetaAds.MissingPasses;
    }

    /// <summary>Meta has shown it: whatever it said before was in passing.</summary>
    public void IsShown(string metaId) => _missing.TryRemove(metaId, out _);

    /// <summary>Meta calls the campaign missing: the comparison, where it is not at it already, looks at it soon, and believes that when it is told so an hour later, too.</summary>
    public async Task CompareSoonAsync(Guid requestId, CancellationToken ct)
    {
        const string SoonSql = "UPDATE meta_campaigns SET compare_at = clock_timestamp() WHERE request_id = @RequestId AND missing_since IS NULL AND compare_at > clock_timestamp() + interval '10 minutes' AND NOT EXISTS (SELECT 1 FROM activations v WHERE v.request_id = meta_campaigns.request_id AND v.paused_ids <> '{}')";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SoonSql, new { RequestId = requestId }, cancellationToken: ct));
    }

    /// <summary>Nobody has touched it since it was listed, and no call that activates it can be under way.</summary>
    public async Task<bool> StandsAsync(Spender spender, CancellationToken ct)
    {
        const string StandsSql = "SELECT EXISTS (SELECT 1 FROM activations WHERE request_id = @RequestId AND changed_at = @ChangedAt AND (busy_until IS NULL OR busy_until < clock_timestamp()))";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(StandsSql, new { spender.RequestId, spender.ChangedAt }, cancellationToken: ct));
    }

    private async Task<IReadOnlyList<Spender>> ListAsync(string sql, Stop stop, Spender? after, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SocialAccount, Row, Spender>(new(sql, new { AccountId = stop.SocialAccountId, stop.LiftedAt, AfterOff = after?.IsOff ?? false, stop.StoppedAt, After = after?.RequestId ?? Guid.Empty }, cancellationToken: ct),
            (account, row) => row.ToSpender(account, tokens, stop.Id), splitOn: "request_id");
        return rows.AsList();
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public bool IsActivating { get; init; }
        public bool IsBusy { get; init; }
        public bool IsIdle { get; init; }
        public bool IsPaused { get; init; }
        public DateTimeOffset ActivationChangedAt { get; init; }
        public string[] PausedIds { get; init; } = [];
        public string Request { get; init; } = "";
        public string AccessToken { get; init; } = "";
        public string? CampaignId { get; init; }
        public string[] ChildIds { get; init; } = [];

        public Spender ToSpender(SocialAccount account, AccountTokens tokens, Guid stopId) => new()
        {
            RequestId = RequestId, StopId = stopId, Request = OrchestrationRequest.FromJson(Request), Account = account, IsActivating = IsActivating, IsBusy = IsBusy, ChangedAt = ActivationChangedAt, SeenAt = ActivationChangedAt,
            Credential = tokens.TryOpen(AccessToken) is { } token ? new(account.AdAccountId, token) : null,
            CampaignId = CampaignId, ChildIds = ChildIds, PausedIds = [.. PausedIds], IsIdle = IsIdle, IsOff = IsIdle || IsPaused,
            IsBelowPaused = (IsIdle || IsPaused) && CampaignId is { } campaign && !PausedIds.Contains(campaign),
        };
    }
}
