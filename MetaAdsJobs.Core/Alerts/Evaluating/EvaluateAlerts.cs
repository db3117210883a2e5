using System.Collections.Concurrent;
using Dapper;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Alerts.Telling;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>
/// Evaluates the rules that are due. A rule is held by its row for as long as its evaluation lasts; what was found, what became of it and what is told of it are one commit: a death leaves
/// all of it or nothing, and the next evaluation finds what this one would have found.
/// </summary>
internal sealed class EvaluateAlerts(NpgsqlDataSource dataSource, InsightsOptions insights, TimeProvider time, ILogger<EvaluateAlerts> logger)
{
    // Each takes a connection, and most of a core of PostgreSQL's.
    private const int AtOnce = 2;

    /// <returns>Completed; a rule that cannot be evaluated keeps no other from it, and is thrown at the end.</returns>
    public async Task<JobOutcome> ExecuteAsync(CancellationToken ct)
    {
        var failures = new ConcurrentBag<Exception>();
        await Parallel.ForEachAsync(await DueAsync(ct), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (due, token) =>
        {
            try
            {
                await EvaluateAsync(due.Id, due.EvaluatedAt, token);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                AlertLog.NotEvaluated(logger, exception, due.Id);
                failures.Add(exception);
            }
        });
        return failures.IsEmpty ? new JobOutcome.Completed() : throw new AggregateException(failures);
    }

    /// <summary>What stands now is looked at every minute; what is made of days when numbers have come in, every five minutes at most, and once an hour in any case: a day may have passed, and nothing come.</summary>
    private async Task<IReadOnlyList<(Guid Id, DateTimeOffset? EvaluatedAt)>> DueAsync(CancellationToken ct)
    {
        const string DueSql = """
            SELECT r.id, r.evaluated_at FROM alert_rules r
            WHERE r.enabled AND (r.evaluated_at IS NULL OR r.updated_at > r.evaluated_at OR NOT r.metric = ANY (@OfDays) OR r.evaluated_at <= @Now - interval '1 hour'
                OR r.evaluated_at <= @Now - interval '5 minutes' AND EXISTS (SELECT 1 FROM insight_syncs s WHERE s.completed_at > r.evaluated_at - interval '1 minute'))
            ORDER BY r.evaluated_at NULLS FIRST, r.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, DateTimeOffset?)>(new(DueSql, new { Now = time.GetUtcNow(), OfDays = AlertMetric.All.Where(metric => metric.IsOfDays).Select(metric => metric.Name).ToArray() }, cancellationToken: ct))).AsList();
    }

    /// <param name="evaluatedAt">When it was evaluated last, as it was seen to be due: another job may have come to it since, and one look counts once.</param>
    /// <returns>Null when somebody else is at it or has been since, or it is off.</returns>
    internal async Task<RuleTurn?> EvaluateAsync(Guid ruleId, DateTimeOffset? evaluatedAt, CancellationToken ct)
    {
        var (now, began) = (time.GetUtcNow(), time.GetTimestamp());
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await AlertRuleStore.TakeAsync(connection, transaction, ruleId, ct) is not { } rule || rule.EvaluatedAt != evaluatedAt) return null;
        var states = await EvaluationStore.StatesAsync(connection, transaction, ruleId, ct);
        var open = await EvaluationStore.OpenAsync(connection, transaction, ruleId, ct);
        var measured = await MeasureObjects.ReadAsync(connection, transaction, rule, [.. states.Keys], now, daysAgo: 0, insights.NightlyTime, ct);
        var turn = RuleTurn.Of(rule, states, open, measured, now);
        await EvaluationStore.WriteStatesAsync(connection, transaction, ruleId, turn.States, ct);
        foreach (var episode in turn.Episodes)
        {
            await EvaluationStore.WriteEpisodeAsync(connection, transaction, rule, episode, ct);
            await TellAlert.TellAsync(connection, transaction, rule, episode, now, ct);
        }

        await EvaluationStore.NoteAsync(connection, transaction, ruleId, turn.Counts, time.GetElapsedTime(began), now, ct);
        await transaction.CommitAsync(ct);
        foreach (var episode in turn.Episodes.Where(one => one.Message is not null))
            AlertLog.Told(logger, episode.Message!, episode.After.Id, rule.Name, episode.After.Members.Count);
        return turn;
    }
}
