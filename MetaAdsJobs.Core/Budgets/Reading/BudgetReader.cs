using System.Data;
using Dapper;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Reading;

/// <summary>Which of a pool's nights to list.</summary>
/// <param name="State">One of <see cref="BudgetProposal.States"/>.</param>
/// <param name="Since">The first day, of the account's calendar, on which it would be carried out.</param>
/// <param name="Until">The last one.</param>
public sealed record ProposalFilter(string? State = null, DateOnly? Since = null, DateOnly? Until = null);

/// <summary>Reads what pools have proposed, and how their members stand, for people and programs.</summary>
public sealed class BudgetReader
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly PictureReader _pictures;
    private readonly TimeProvider _time;

    internal BudgetReader(NpgsqlDataSource dataSource, PictureReader pictures, TimeProvider time) => (_dataSource, _pictures, _time) = (dataSource, pictures, time);

    private const string ProposalSql = """
        SELECT q.id, q.pool_id, q.day, q.basis, q.made_at, q.state, q.why, q.state_why, q.total_now_cents, q.total_cents, q.predicted_now, q.predicted, q.gain_percent, q.gain_in_the_end, q.sureness, q.exponent, q.decided_by,
            q.decided_at, q.completed_at, q.observed_results, q.observed_spend, q.observed_at
        FROM budget_proposals q
        """;

    public Task<IReadOnlyList<BudgetProposal>> ListAsync(Guid poolId, Guid? before, int limit, CancellationToken ct) => ListAsync(poolId, new(), before, limit, ct);

    /// <param name="before">The last of the page before; null: from the newest.</param>
    public async Task<IReadOnlyList<BudgetProposal>> ListAsync(Guid poolId, ProposalFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        List<string> conditions = ["q.pool_id = @PoolId"];
        if (filter.State is not null) conditions.Add("q.state = @State");
        if (filter.Since is not null) conditions.Add("q.day >= @Since");
        if (filter.Until is not null) conditions.Add("q.day <= @Until");
        if (before is not null) conditions.Add("q.id < @Before");
        var listSql = $"{ProposalSql} WHERE {string.Join(" AND ", conditions)} ORDER BY q.id DESC LIMIT @Limit";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<BudgetProposal>(new(listSql, new { PoolId = poolId, filter.State, filter.Since, filter.Until, Before = before, Limit = limit }, cancellationToken: ct))).AsList();
    }

    /// <summary>The newest of each pool.</summary>
    public async Task<IReadOnlyDictionary<Guid, BudgetProposal>> LatestAsync(IReadOnlyCollection<Guid> pools, CancellationToken ct)
    {
        const string LatestSql = $"SELECT q.* FROM unnest(@Pools) AS p (id) CROSS JOIN LATERAL ({ProposalSql} WHERE q.pool_id = p.id ORDER BY q.id DESC LIMIT 1) q";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<BudgetProposal>(new(LatestSql, new { Pools = pools.ToArray() }, cancellationToken: ct))).ToDictionary(proposal => proposal.PoolId);
    }

    public async Task<BudgetProposal?> FindAsync(Guid poolId, Guid proposalId, CancellationToken ct)
    {
        const string FindSql = $"{ProposalSql} WHERE q.pool_id = @PoolId AND q.id = @Id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<BudgetProposal>(new(FindSql, new { PoolId = poolId, Id = proposalId }, cancellationToken: ct));
    }

    public async Task<IReadOnlyList<BudgetMove>> MovesAsync(Guid proposalId, CancellationToken ct)
    {
        const string MovesSql = """
            SELECT m.meta_id, m.name, m.now_cents, m.proposed_cents, m.least_cents, m.most_cents, m.why, m.results, m.predicted_now, m.predicted, m.marginal, m.edit_id, e.state AS edit_status, m.refused
            FROM budget_moves m LEFT JOIN campaign_edits e ON e.edit_id = m.edit_id WHERE m.proposal_id = @Id ORDER BY m.name, m.meta_id
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<MoveRow>(new(MovesSql, new { Id = proposalId }, cancellationToken: ct))).Select(row => new BudgetMove(
            row.MetaId, row.Name, row.NowCents, row.ProposedCents, row.LeastCents, row.MostCents, row.Why, row.Results, row.PredictedNow, row.Predicted, row.Marginal, row.EditId, row.EditStatus, row.Refused))];
    }

    /// <summary>Its members as they stand now, budgets for a whole life with their pacing.</summary>
    public async Task<IReadOnlyList<PoolMemberNow>> MembersAsync(BudgetPool pool, CancellationToken ct)
    {
        const int Week = 7;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var seen = (await _pictures.ReadAsync(connection, transaction, [pool], _time.GetUtcNow(), daysBack: 0, ct))[0][^1];
        var changes = await PoolFacts.ChangesAsync(connection, transaction, [.. pool.Members.Select(member => member.MetaId)], _time.GetUtcNow().AddDays(-PoolPicture.Window), ct);
        return [.. seen.Picture.Members.Select(member =>
        {
            var standing = seen.Members.GetValueOrDefault(member.MetaId);
            var (bounds, week) = (pool.Members.Single(one => one.MetaId == member.MetaId), member.Days.TakeLast(Week).ToList());
            return new PoolMemberNow(member.MetaId, member.Name, standing is null ? null : standing.Status == "ACTIVE" ? standing.CampaignStatus : standing.Status, Cents(seen, standing?.DailyBudget), Cents(seen, standing?.LifetimeBudget),
                bounds.MinCents, bounds.MaxCents, Sum(week, day => day.Spend), Sum(week, day => day.Results), standing is null ? null : PacingOf(seen, member, standing, changes[member.MetaId]));
        })];
    }

    private static Pacing? PacingOf(SeenPool seen, PoolMember member, MemberStanding standing, IEnumerable<MemberChange> changes)
    {
        if (standing is not { LifetimeBudget: { } lifetime, EndTime: { } end }) return null;
        var before = changes.Where(change => change.WasCents is not null).MaxBy(change => change.At)?.WasCents / 100m;
        return Pacing.Of(new(seen.Cents(lifetime) / 100m, standing.StartTime ?? standing.CreatedAt, end, seen.Account.TimezoneName, standing.IsOn, seen.Picture.Today, seen.Picture.LastDay,
            member.Days.ToDictionary(day => day.Day, day => (decimal?)day.Spend), before));
    }

    private static decimal? Sum(List<MemberDay> days, Func<MemberDay, double?> of) => days.Count == 0 || days.Any(day => of(day) is null) ? null : (decimal)days.Sum(day => of(day)!.Value);

    private static long? Cents(SeenPool seen, long? units) => units is { } amount ? seen.Cents(amount) : null;

    private sealed record MoveRow
    {
        public string MetaId { get; init; } = "";
        public string Name { get; init; } = "";
        public long? NowCents { get; init; }
        public long? ProposedCents { get; init; }
        public long LeastCents { get; init; }
        public long MostCents { get; init; }
        public string[] Why { get; init; } = [];
        public double Results { get; init; }
        public double PredictedNow { get; init; }
        public double Predicted { get; init; }
        public double Marginal { get; init; }
        public Guid? EditId { get; init; }
        public string? EditStatus { get; init; }
        public string? Refused { get; init; }
    }
}
