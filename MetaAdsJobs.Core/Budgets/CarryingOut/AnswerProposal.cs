using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.CarryingOut;

/// <summary>What became of a person's answer to a proposal.</summary>
public abstract record ProposalAnswered
{
    private ProposalAnswered() { }

    public sealed record Done : ProposalAnswered;

    public sealed record Unknown : ProposalAnswered;

    /// <summary>Not as it is now.</summary>
    public sealed record Refused(string Reason) : ProposalAnswered;
}

/// <summary>Accepts or declines what a pool asks. Of two answers at once one counts; what is accepted is carried out within a minute, in the name of who accepted it.</summary>
public sealed class AnswerProposal(NpgsqlDataSource dataSource, TimeProvider time)
{
    public Task<ProposalAnswered> AcceptAsync(Guid poolId, Guid proposalId, string by, CancellationToken ct) => AnswerAsync(poolId, proposalId, "accepted", by, ct);

    public Task<ProposalAnswered> DeclineAsync(Guid poolId, Guid proposalId, string by, CancellationToken ct) => AnswerAsync(poolId, proposalId, "declined", by, ct);

    private async Task<ProposalAnswered> AnswerAsync(Guid poolId, Guid proposalId, string answer, string by, CancellationToken ct)
    {
        var answerSql = $"""
            WITH answered AS (
                UPDATE budget_proposals q SET state = @Answer, decided_by = @By, decided_key = @ByKey, decided_at = @Now, completed_at = CASE WHEN @Answer = 'declined' THEN @Now END
                FROM budget_pools p JOIN social_accounts a ON a.id = p.social_account_id
                WHERE q.id = @Id AND q.pool_id = @PoolId AND p.id = q.pool_id AND q.state = 'asked' AND q.day = (@Now AT TIME ZONE a.timezone_name)::date RETURNING p.name, p.social_account_id),
            act AS ({ActLog.InsertFrom("answered", account: "social_account_id", name: "name")})
            SELECT count(*) FROM answered
            """;
        const string StandsSql = "SELECT state FROM budget_proposals WHERE id = @Id AND pool_id = @PoolId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var now = time.GetUtcNow();
        var act = new Act("budget pool", $"{poolId}", null, $"proposal {answer}", null, ActLog.Differences(new { ProposalId = (Guid?)null, State = "asked" }, new { ProposalId = (Guid?)proposalId, State = answer }));
        if (await connection.ExecuteScalarAsync<long>(new(answerSql, ActLog.With(new { Id = proposalId, PoolId = poolId, Answer = answer, By = by, ByKey = AccountScope.Caller?.KeyName, Now = now }, act, now), cancellationToken: ct)) == 1) return new ProposalAnswered.Done();
        return await connection.QuerySingleOrDefaultAsync<string>(new(StandsSql, new { Id = proposalId, PoolId = poolId }, cancellationToken: ct)) switch
        {
            null => new ProposalAnswered.Unknown(),
            "asked" => new ProposalAnswered.Refused("Its day is over: the next night proposes anew"),
            "shown" => new ProposalAnswered.Refused("The pool only shows what it would do: change its mode to ask or act first"),
            var state => new ProposalAnswered.Refused($"It is {state}: there is nothing to answer"),
        };
    }
}
