using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Telling;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>What became of a rule that a caller wanted to write.</summary>
public abstract record AlertRuleSaved
{
    private AlertRuleSaved() { }

    public sealed record Done(AlertRule Value) : AlertRuleSaved;

    public sealed record Invalid(FieldErrors Errors) : AlertRuleSaved;

    public sealed record Unknown : AlertRuleSaved;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : AlertRuleSaved;

    public sealed record Refused(string Reason) : AlertRuleSaved;
}

/// <summary>Makes, changes and takes away rules. What one has open when it is switched off, or groups otherwise, is over, and told as such.</summary>
public sealed class SaveAlertRule
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly AlertRuleStore _store;
    private readonly TimeProvider _time;

    internal SaveAlertRule(NpgsqlDataSource dataSource, AlertRuleStore store, TimeProvider time) => (_dataSource, _store, _time) = (dataSource, store, time);

    public async Task<AlertRuleSaved> CreateAsync(JsonElement body, string createdBy, CancellationToken ct)
    {
        var (rule, errors) = await ReadAsync(body, current: null, ct);
        if (rule is null) return new AlertRuleSaved.Invalid(errors);
        rule = rule with { Id = Guid.CreateVersion7(rule.CreatedAt), CreatedBy = createdBy };
        if (await _store.InsertAsync(rule, ct)) return new AlertRuleSaved.Done(rule);
        errors.Add("$", $"there are {AlertRuleStore.MostOfOne} rules of yours, or {AlertRuleStore.Most} in all, and there can be no more: take one away first");
        return new AlertRuleSaved.Invalid(errors);
    }

    /// <summary>A body as a rule, to be tried; nothing is written.</summary>
    internal async Task<(AlertRule? Rule, FieldErrors Errors)> ReadAsync(JsonElement body, AlertRule? current, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var rule = AlertRuleValidation.Read(new(body, errors), current, _time.GetUtcNow());
        if (rule?.AccountIds is { } accounts)
        {
            var known = await _store.KnownAccountsAsync(accounts, ct);
            foreach (var (id, index) in accounts.Select((id, index) => (id, index)).Where(one => !known.Contains(one.id))) errors.Add($"account_ids[{index}]", $"there is no social account {id}");
        }

        if (rule is { AccountIds: null } && !AccountScope.IsAll) errors.Add("account_ids", "is required: a rule for all accounts is for who may see all of them");
        return (errors.Any ? null : rule, errors);
    }

    public Task<AlertRuleSaved> ChangeAsync(Guid id, JsonElement body, CancellationToken ct) => ChangeAsync(id, body, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the rule, as it is now, is the one that the change was made for.</param>
    public async Task<AlertRuleSaved> ChangeAsync(Guid id, JsonElement body, Func<AlertRule, bool> isSeen, CancellationToken ct)
    {
        if (await _store.FindAsync(id, ct) is not { } seen) return new AlertRuleSaved.Unknown();
        var (read, wrong) = await ReadAsync(body, seen, ct);
        if (read is null) return new AlertRuleSaved.Invalid(wrong);
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Held, it may be of accounts by now that whoever changes it does not look into.
        if (await AlertRuleStore.HoldAsync(connection, transaction, id, ct) is not { } current || !AccountScope.HoldsAll(current.AccountIds)) return new AlertRuleSaved.Unknown();
        if (!isSeen(current)) return new AlertRuleSaved.Outdated();
        // Others may have changed other fields since.
        var errors = new FieldErrors();
        if (AlertRuleValidation.Read(new(body, errors), current, _time.GetUtcNow()) is not { } rule) return new AlertRuleSaved.Invalid(errors);
        if (current.Enabled && !rule.Enabled) await EndAsync(connection, transaction, current, "the rule was switched off", ct);
        else if (current.GroupBy != rule.GroupBy) await EndAsync(connection, transaction, current, "the rule groups otherwise now", ct);
        await AlertRuleStore.UpdateAsync(connection, transaction, rule, ct);
        await ActLog.WriteAsync(connection, transaction, AlertRuleStore.ActOf(current, rule, "changed"), _time.GetUtcNow(), ct);
        var saved = await AlertRuleStore.HoldAsync(connection, transaction, id, ct);
        await transaction.CommitAsync(ct);
        return new AlertRuleSaved.Done(saved!);
    }

    /// <summary>Takes it away. What it has told of stays.</summary>
    public async Task<AlertRuleSaved> DeleteAsync(Guid id, CancellationToken ct)
    {
        const string DeleteSql = "DELETE FROM alert_rules WHERE id = @Id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await AlertRuleStore.HoldAsync(connection, transaction, id, ct) is not { } rule || !AccountScope.HoldsAll(rule.AccountIds)) return new AlertRuleSaved.Unknown();
        if (rule.BuiltIn is not null) return new AlertRuleSaved.Refused("The rule is built in: switch it off instead.");
        await EndAsync(connection, transaction, rule, "the rule was taken away", ct);
        await connection.ExecuteAsync(new(DeleteSql, new { Id = id }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, AlertRuleStore.ActOf(rule, rule, "removed"), _time.GetUtcNow(), ct);
        await transaction.CommitAsync(ct);
        return new AlertRuleSaved.Done(rule);
    }

    private async Task EndAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, AlertRule rule, string why, CancellationToken ct)
    {
        const string ForgetSql = "DELETE FROM alert_states WHERE rule_id = @Id";
        var now = _time.GetUtcNow();
        foreach (var episode in await EvaluationStore.OpenAsync(connection, transaction, rule.Id, ct))
        {
            var isMuted = episode.IsMutedFor(episode.Members.Values);
            var after = episode with { ClosedAt = now, ClosedWhy = why, Messages = episode.Messages + (isMuted ? 0 : 1), LastMessageAt = isMuted ? episode.LastMessageAt : now };
            var turn = new EpisodeTurn(episode, after, [], isMuted ? null : EventTypes.AlertResolved, HeldBy: null);
            await EvaluationStore.WriteEpisodeAsync(connection, transaction, rule, turn, ct);
            await TellAlert.TellAsync(connection, transaction, rule, turn, now, ct);
        }

        await connection.ExecuteAsync(new(ForgetSql, new { rule.Id }, transaction, cancellationToken: ct));
    }
}
