using System.Data;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Statistics;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <param name="NowCents">The budget that it had, in hundredths of the currency; null: not one for a day.</param>
/// <param name="Why">Why it is left as it is, or which bound it meets.</param>
public sealed record TriedMove(string Id, string Name, long? NowCents, long? ProposedCents, IReadOnlyList<string> Why);

/// <summary>What a pool would have proposed on one night.</summary>
/// <param name="Day">On which it would have been carried out.</param>
/// <param name="Why">Why nothing; empty: something.</param>
/// <param name="PredictedNow">Results on that day, of all members of which something is known, as they were.</param>
/// <param name="Predicted">The same as proposed.</param>
/// <param name="Came">What came on that day, with the budgets that there were; null: not known yet.</param>
public sealed record TriedNight(
    DateOnly Day, bool Proposed, IReadOnlyList<string> Why, double PredictedNow, double Predicted, double GainPercent, double GainInTheEnd, double? Sureness, double? Exponent, double? Came, IReadOnlyList<TriedMove> Moves);

/// <param name="Nights">The earliest first.</param>
/// <param name="Note">What it cannot know.</param>
public sealed record PoolTrial(int Proposals, IReadOnlyList<TriedNight> Nights, string Note);

/// <summary>Tries a pool on stored history, night by night, by the code that decides at night; nothing is written and nothing asked of Meta.</summary>
public sealed class BacktestPool
{
    public const int UsualDays = 14;
    private const int MostDays = 90;
    private const string Note = "Each night is looked at by itself, with the budgets that there were and the numbers as they stand now: what Meta has restated since was otherwise then. Freezes, stops, experiments and pauses of that time are not looked at.";
    private readonly NpgsqlDataSource _dataSource;
    private readonly BudgetPoolStore _store;
    private readonly SaveBudgetPool _save;
    private readonly PictureReader _reader;
    private readonly TimeProvider _time;

    internal BacktestPool(NpgsqlDataSource dataSource, BudgetPoolStore store, SaveBudgetPool save, PictureReader reader, TimeProvider time) => (_dataSource, _store, _save, _reader, _time) = (dataSource, store, save, reader, time);

    /// <param name="body">A pool's, and days. Its members may be of other pools.</param>
    public async Task<PoolOutcome<PoolTrial>> NewAsync(JsonElement body, CancellationToken ct)
    {
        var (rest, days, errors) = TakeDays(body);
        var (pool, wrong) = await _save.ReadAsync(rest, current: null, "", ct);
        return pool is null || errors.Any ? Invalid(errors, wrong) : new PoolOutcome<PoolTrial>.Done(await TryAsync(pool, days, ct));
    }

    /// <param name="body">What would be changed of it, and days.</param>
    public async Task<PoolOutcome<PoolTrial>> OneAsync(Guid id, JsonElement body, CancellationToken ct)
    {
        if (await _store.FindAsync(id, ct) is not { } current) return new PoolOutcome<PoolTrial>.Unknown();
        var (rest, days, errors) = TakeDays(body);
        var (pool, wrong) = await _save.ReadAsync(rest, current, "", ct);
        return pool is null || errors.Any ? Invalid(errors, wrong) : new PoolOutcome<PoolTrial>.Done(await TryAsync(pool, days, ct));
    }

    private async Task<PoolTrial> TryAsync(BudgetPool pool, int days, CancellationToken ct)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var seen = (await _reader.ReadAsync(connection, transaction, [pool], _time.GetUtcNow(), days - 1, ct))[0];
        var nights = await Computation.RunAsync(() => seen.Select(one =>
        {
            ct.ThrowIfCancellationRequested();
            return Night(one, seen[^1].Picture);
        }).ToList(), ct);
        return new(nights.Count(night => night.Proposed), nights, Note);
    }

    private static TriedNight Night(SeenPool seen, PoolPicture latest)
    {
        var decision = DecidePool.Of(seen.Picture);
        var judged = decision.Members.Where(member => member.PredictedNow > 0).Select(member => member.MetaId).ToHashSet();
        var came = latest.Members.Where(member => judged.Contains(member.MetaId)).Select(member => member.Days.FirstOrDefault(day => day.Day == seen.Picture.Today)?.Results).ToList();
        return new(seen.Picture.Today, decision.IsProposed, decision.Why, decision.Members.Sum(member => member.PredictedNow), decision.Members.Sum(member => member.PredictedProposed), decision.Gain, decision.GainInTheEnd,
            decision.Sureness, decision.Exponent, came.Count == 0 || came.Contains(null) ? null : came.Sum(), [.. decision.Members.Select(member => new TriedMove(member.MetaId, member.Name,
                member.Now is { } now ? seen.Cents(now) : null, member.Proposed is { } proposed ? seen.Cents(proposed) : null, member.Why))]);
    }

    private static (JsonElement Body, int Days, FieldErrors Errors) TakeDays(JsonElement body)
    {
        var errors = new FieldErrors();
        if (body.ValueKind != JsonValueKind.Object) return (body, UsualDays, errors);
        var days = new JsonFields(body, errors).Whole("days", 1, MostDays);
        var rest = JsonObject.Create(body)!;
        rest.Remove("days");
        return (JsonSerializer.SerializeToElement(rest), (int?)days ?? UsualDays, errors);
    }

    private static PoolOutcome<PoolTrial>.Invalid Invalid(FieldErrors errors, FieldErrors wrong)
    {
        foreach (var (path, messages) in wrong.ToDictionary())
            foreach (var message in messages) errors.Add(path, message);
        return new(errors);
    }
}
