using System.Data;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>What a rule would have done on one day of stored history.</summary>
/// <param name="At">When it would have been evaluated.</param>
/// <param name="Fired">The first of those that would have fired, by name.</param>
/// <param name="Messages">What would have been told.</param>
public sealed record TriedDay(
    DateTimeOffset At, int Objects, int Breached, int TooLittle, int Waiting, int NoData, int Firing, int FiredInAll, int Recovered, IReadOnlyList<string> Fired, IReadOnlyList<string> Messages, IReadOnlyList<string> HeldBy);

/// <param name="Days">The earliest first.</param>
/// <param name="Alerts">How many episodes there would have been.</param>
/// <param name="Messages">How many messages.</param>
/// <param name="Note">What the trial cannot know; null: nothing.</param>
public sealed record RuleTrial(IReadOnlyList<TriedDay> Days, int Alerts, int Messages, string? Note);

/// <summary>What became of a wish to try a rule.</summary>
public abstract record RuleTried
{
    private RuleTried() { }

    public sealed record Done(RuleTrial Trial) : RuleTried;

    public sealed record Invalid(FieldErrors Errors) : RuleTried;

    public sealed record Unknown : RuleTried;
}

/// <summary>
/// Tries a rule on what is stored, evaluated once for each of the last days, by the very code that evaluates it for good; nothing is written and nobody told. Numbers count as they stand now:
/// what Meta has restated since was otherwise then.
/// </summary>
public sealed class TryAlertRule
{
    public const int UsualDays = 14;
    private const int MostDays = 60;
    private const int MostNamed = 20;
    private readonly NpgsqlDataSource _dataSource;
    private readonly AlertRuleStore _store;
    private readonly SaveAlertRule _save;
    private readonly InsightsOptions _insights;
    private readonly TimeProvider _time;

    internal TryAlertRule(NpgsqlDataSource dataSource, AlertRuleStore store, SaveAlertRule save, InsightsOptions insights, TimeProvider time) =>
        (_dataSource, _store, _save, _insights, _time) = (dataSource, store, save, insights, time);

    /// <param name="body">A rule's, and days.</param>
    public async Task<RuleTried> NewAsync(JsonElement body, CancellationToken ct)
    {
        var (rest, days, errors) = TakeDays(body);
        var (rule, wrong) = await _save.ReadAsync(rest, current: null, ct);
        return rule is null || errors.Any ? Invalid(errors, wrong) : new RuleTried.Done(await TryAsync(rule, days, ct));
    }

    /// <param name="body">What would be changed of it, and days.</param>
    public async Task<RuleTried> OneAsync(Guid id, JsonElement body, CancellationToken ct)
    {
        if (await _store.FindAsync(id, ct) is not { } current) return new RuleTried.Unknown();
        var (rest, days, errors) = TakeDays(body);
        var (rule, wrong) = await _save.ReadAsync(rest, current, ct);
        return rule is null || errors.Any ? Invalid(errors, wrong) : new RuleTried.Done(await TryAsync(rule, days, ct));
    }

    private async Task<RuleTrial> TryAsync(AlertRule rule, int days, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        IReadOnlyDictionary<WatchedKey, WatchState> states = new Dictionary<WatchedKey, WatchState>();
        IReadOnlyList<Episode> open = [];
        var (tried, alerts, messages) = (new List<TriedDay>(), 0, 0);
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        if (!rule.Watched.HasHistory) days = 1;
        for (var ago = days - 1; ago >= 0; ago--)
        {
            var at = now.AddDays(-ago);
            var measured = await MeasureObjects.ReadAsync(connection, transaction, rule, [.. states.Keys], rule.Watched.IsOfDays ? now : at, rule.Watched.IsOfDays ? ago : 0, _insights.NightlyTime, ct);
            var turn = RuleTurn.Of(rule, states, open, measured, at);
            var next = new Dictionary<WatchedKey, WatchState>(states);
            foreach (var state in turn.States)
                if (state.IsPlain) next.Remove(state.Key);
                else next[state.Key] = state;
            alerts += turn.Episodes.Count(episode => episode.Before.Messages == 0 && episode.Message is not null);
            messages += turn.Episodes.Count(episode => episode.Message is not null);
            var (counts, fired) = (turn.Counts, turn.States.Where(state => state.IsFiring && state.Since == at).Select(state => state.Name ?? state.Object).ToList());
            tried.Add(new(at, counts.Objects, counts.Breached, counts.TooLittle, counts.Waiting, counts.NoData, counts.Firing, counts.Fired, counts.Recovered, [.. fired.Take(MostNamed)], counts.Told, counts.HeldBy));
            (states, open) = (next, [.. turn.Episodes.Select(episode => episode.After).Where(episode => episode.ClosedAt is null)]);
        }

        return new(tried, alerts, messages, Note(rule));
    }

    private static string? Note(AlertRule rule) => !rule.Watched.HasHistory ? "only how it stands now is known, not how it was: this is what it would do now"
        : rule.Watched.IsOfDays ? null : "evaluated once a day here, and every minute once it is on";

    private static (JsonElement Body, int Days, FieldErrors Errors) TakeDays(JsonElement body)
    {
        var errors = new FieldErrors();
        if (body.ValueKind != JsonValueKind.Object) return (body, UsualDays, errors);
        var days = new JsonFields(body, errors).Whole("days", 1, MostDays);
        var rest = JsonObject.Create(body)!;
        rest.Remove("days");
        return (JsonSerializer.SerializeToElement(rest), (int?)days ?? UsualDays, errors);
    }

    private static RuleTried.Invalid Invalid(FieldErrors errors, FieldErrors wrong)
    {
        foreach (var (path, messages) in wrong.ToDictionary())
            foreach (var message in messages) errors.Add(path, message);
        return new(errors);
    }
}
