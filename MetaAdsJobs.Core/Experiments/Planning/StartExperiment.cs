using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Into;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Planning;

/// <summary>What became of a wish to find something out.</summary>
public abstract record ExperimentStarted
{
    private ExperimentStarted() { }

    public sealed record Begun(Guid ExperimentId, Guid RequestId, ExperimentPlan Plan, bool Replayed) : ExperimentStarted;

    /// <summary>What it would do; nothing was written.</summary>
    public sealed record Planned(ExperimentPlan Plan) : ExperimentStarted;

    public sealed record Invalid(FieldErrors Errors) : ExperimentStarted;

    /// <summary>The idempotency key belongs to another body.</summary>
    public sealed record KeyReused : ExperimentStarted;
}

/// <summary>
/// Begins an experiment: its tree is a request like any other, taken by the use case that takes all; the run, its job and the experiment commit together, or none of them.
/// </summary>
public sealed class StartExperiment
{
    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly NpgsqlDataSource _dataSource;
    private readonly AcceptOrchestration _accept;
    private readonly IJobQueue _queue;
    private readonly InsightsOptions _insights;
    private readonly TimeProvider _time;

    internal StartExperiment(NpgsqlDataSource dataSource, AcceptOrchestration accept, IJobQueue queue, InsightsOptions insights, TimeProvider time) =>
        (_dataSource, _accept, _queue, _insights, _time) = (dataSource, accept, queue, insights, time);

    /// <param name="idempotencyKey">Each caller's own.</param>
    public async Task<ExperimentStarted> ExecuteAsync(JsonElement body, string by, string? idempotencyKey, bool dryRun, CancellationToken ct)
    {
        var hash = GivenStore.HashOf(body);
        if (!dryRun && idempotencyKey is not null && await NothingWrittenException.IfFailsAsync(FindEarlierAsync(by, idempotencyKey, hash, ct)) is { } earlier) return earlier;
        var errors = new FieldErrors();
        if (ExperimentDesign.Read(body, errors, _insights.LookbackDays) is not { } design) return new ExperimentStarted.Invalid(errors);
        var tree = design.ToTree();
        var judged = await NothingWrittenException.IfFailsAsync(_accept.JudgeAsync(tree, coming: null, ct));
        if (Refusal(design, judged.Refusal) is { } wrong) return wrong;
        var request = judged.Request!;
        if (design.Metric == ExperimentMetric.ResultRate && design.ResultType is null && request.OptimizationGoal == "LINK_CLICKS")
            return Refuse("metric", "must not be result_rate where link clicks are the result: of link clicks all are");
        var window = request.AdSets!.Max(one => WindowOf(request, one));
        if (design.AttributionDays < window) return Refuse("attribution_days", $"must be at least {window}: for so many days Meta puts results of this goal down to an ad, unless an attribution_spec says less");
        var plan = await PlanAsync(design, request, judged.Known!.Account!.Currency, ct);
        if (dryRun) return new ExperimentStarted.Planned(plan);

        var experimentId = Guid.CreateVersion7(_time.GetUtcNow());
        using (var transaction = JobTransaction.Begin())
        {
            var accepted = await _accept.ExecuteAsync(tree, by, idempotencyKey: null, _queue.EnqueueOrchestration, ct);
            // Something has changed since it was judged.
            if (Refusal(design, accepted) is { } refused) return refused;
            var requestId = ((Acceptance.Accepted)accepted).RequestId;
            if (await InsertAsync(experimentId, requestId, design, request.SocialAccountId, plan, by, idempotencyKey, hash, ct))
            {
                transaction.Complete();
                return new ExperimentStarted.Begun(experimentId, requestId, plan, Replayed: false);
            }
        }

        // The unique index decided: another one with this key came first, and nothing was written.
        return await FindEarlierAsync(by, idempotencyKey!, hash, ct) ?? throw new InvalidOperationException("An idempotency key was refused, but no experiment holds it");
    }

    // What its goal takes no more than a day for, has happened by then.
    private static int WindowOf(OrchestrationRequest request, AdSetRequest one)
    {
        const int Usual = 7;
        if ((one.AttributionSpec ?? request.AttributionSpec) is { Count: > 0 } windows) return windows.Max(window => window.WindowDays);
        return ObjectiveGoals.Find(request.CampaignObjective, one.OptimizationGoal ?? request.OptimizationGoal) is { } rule && Delivery.MayAttributeMore(rule) ? Usual : 0;
    }

    private async Task<ExperimentStarted?> FindEarlierAsync(string by, string key, byte[] hash, CancellationToken ct)
    {
        const string FindSql = "SELECT id, request_id, request_hash AS hash, plan::text, social_account_id FROM experiments WHERE created_by = @By AND idempotency_key = @Key";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<(Guid Id, Guid RequestId, byte[] Hash, string Plan, Guid Account)?>(new(FindSql, new { By = by, Key = key }, cancellationToken: ct));
        return row is not { } one ? null : AccountScope.Holds(one.Account) && one.Hash.AsSpan().SequenceEqual(hash) ? new ExperimentStarted.Begun(one.Id, one.RequestId, JsonSerializer.Deserialize<ExperimentPlan>(one.Plan, Json)!, Replayed: true)
            : new ExperimentStarted.KeyReused();
    }

    private async Task<ExperimentPlan> PlanAsync(ExperimentDesign design, OrchestrationRequest request, string currency, CancellationToken ct)
    {
        // Of four weeks that were stored, what counts the same as a result.
        const string PastSql = """
            SELECT count(DISTINCT i.date_start)::int AS days, COALESCE(sum(i.spend), 0) AS spend, COALESCE(sum(i.link_clicks), 0)::bigint AS linkclicks, COALESCE(sum(i.results), 0) AS results
            FROM meta_ad_insights i WHERE i.social_account_id = @AccountId AND i.date_start > @Since AND i.result_type = @Type AND NOT i.is_partial
            """;
        var type = design.ResultType ?? ResultActions.Find(ObjectiveGoals.MetaGoal(request.OptimizationGoal), request.CampaignObjective, request.ConversionEvent)?.ActionType;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var past = await NothingWrittenException.IfFailsAsync(connection.QuerySingleAsync<PastNumbers>(new(PastSql,
            new { AccountId = request.SocialAccountId, Since = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime).AddDays(-29), Type = type }, cancellationToken: ct)));
        var budget = (request.DailyBudgetCents ?? request.AdSets![0].DailyBudgetCents)!.Value / 100.0;
        // Of one ad set each ad has a part, if Meta gives them alike.
        if (design.AreAds) budget /= design.Variants.Count;
        return ExperimentPlan.Of(design.Metric, design.Smallest, design.Variants.Count, design.LeastResults, design.AttributionDays, design.MostDays, budget, currency, past);
    }

    private async Task<bool> InsertAsync(Guid id, Guid requestId, ExperimentDesign design, Guid accountId, ExperimentPlan plan, string by, string? key, byte[] hash, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO experiments (id, social_account_id, request_id, name, thing, level, metric, result_type, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, idempotency_key,
                request_hash, created_by, created_at)
            VALUES (@Id, @AccountId, @RequestId, @Name, @Thing, @Level, @Metric, @ResultType, @Smallest, @LeastResults, @AttributionDays, @MostDays, @Planned, @Plan::jsonb, 'running', @Key, @Hash, @By, @Now)
            ON CONFLICT (created_by, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
            """;
        const string VariantsSql = """
            INSERT INTO experiment_variants (experiment_id, nth, name, step, fields) SELECT @Id, nth, name, step, fields::jsonb FROM unnest(@Nths, @Names, @Steps, @Fields) v (nth, name, step, fields)
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        if (await connection.ExecuteAsync(new(InsertSql, new
        {
            Id = id, AccountId = accountId, RequestId = requestId, design.Name, design.Thing, design.Level, design.Metric, design.ResultType, Smallest = (decimal)design.Smallest, design.LeastResults, design.AttributionDays, plan.MostDays,
            Planned = (decimal)plan.ResultsPerVariant, Plan = JsonSerializer.Serialize(plan, Json), Key = key, Hash = hash, By = by, Now = _time.GetUtcNow(),
        }, cancellationToken: ct)) != 1) return false;
        var act = new Act("experiment", $"{id}", design.Name, "made", accountId, ActLog.Differences(null, new
        {
            RequestId = requestId, design.Thing, design.Level, design.Metric, design.ResultType, SmallestDifference = design.Smallest, design.LeastResults, design.AttributionDays, plan.MostDays, Variants = design.Variants.Select(one => one.Name),
        }));
        await connection.ExecuteAsync(new($"{VariantsSql};\n{ActLog.InsertSql}", ActLog.With(new
        {
            Id = id, Nths = Enumerable.Range(0, design.Variants.Count).ToArray(), Names = design.Variants.Select(one => one.Name).ToArray(), Steps = Enumerable.Range(0, design.Variants.Count).Select(nth => ExperimentDesign.StepOf(design.Level, nth)).ToArray(),
            Fields = design.Variants.Select(one => one.Fields.ToJsonString()).ToArray(),
        }, act, _time.GetUtcNow()), cancellationToken: ct));
        return true;
    }

    private static ExperimentStarted.Invalid? Refusal(ExperimentDesign design, Acceptance? refused)
    {
        if (refused is null or Acceptance.Accepted) return null;
        if (refused is Acceptance.UnknownAccount account) return Refuse("request.social_account_id", $"there is no social account {account.Id}");
        if (refused is Acceptance.UnknownClip clip) return Refuse(WhereIs(design, clip.Id), $"there is no clip {clip.Id}");
        var told = new FieldErrors();
        foreach (var (path, messages) in ((Acceptance.Invalid)refused).Errors.ToDictionary())
            foreach (var message in messages) told.AddOnce(design.PathOf(path), message);
        return new(told);
    }

    private static string WhereIs(ExperimentDesign design, Guid clip) => design.Variants.Index().Where(one => one.Item.Fields.ToJsonString().Contains(clip.ToString(), StringComparison.OrdinalIgnoreCase))
        .Select(one => one.Item.Fields.ContainsKey("clip_id") ? $"variants[{one.Index}].clip_id" : $"variants[{one.Index}]").FirstOrDefault() ?? "request.clip_id";

    private static ExperimentStarted.Invalid Refuse(string path, string message)
    {
        var errors = new FieldErrors();
        errors.Add(path, message);
        return new(errors);
    }
}
