using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What became of a wish for a copy.</summary>
public abstract record Copying
{
    private Copying() { }

    public sealed record Copied(RequestCopy Copy) : Copying;

    public sealed record UnknownRun : Copying;

    public sealed record UnknownAccount(Guid Id) : Copying;
}

/// <summary>Gives what a run was asked for, to be asked for again in its account or in another.</summary>
public sealed class CopyRequest(NpgsqlDataSource dataSource, AccountStore accounts, TimeProvider time)
{
    /// <param name="accountId">For which account; null: the run's own.</param>
    public async Task<Copying> ExecuteAsync(Guid requestId, Guid? accountId, CancellationToken ct)
    {
        if (await FindRequestAsync(requestId, ct) is not { } json) return new Copying.UnknownRun();
        var asked = OrchestrationRequest.FromJson(json);
        if (asked.IsAdoption) return new Copying.UnknownRun();
        if (await accounts.FindAsync(asked.SocialAccountId, ct) is not { } from) return new Copying.UnknownAccount(asked.SocialAccountId);
        var to = accountId is { } id && id != from.Id ? await accounts.FindAsync(id, ct) : from;
        return to is null ? new Copying.UnknownAccount(accountId!.Value) : new Copying.Copied(RequestCopy.Of(asked, from, to, time.GetUtcNow()));
    }

    private async Task<string?> FindRequestAsync(Guid requestId, CancellationToken ct)
    {
        var findSql = $"SELECT request::text FROM orchestrations WHERE request_id = @RequestId{AccountScope.And("social_account_id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<string?>(new(findSql, new { RequestId = requestId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }
}
