using Dapper;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>An account that is retired, in a tenth of the histories: stopped first, what is open of it cancelled, and tried again until nothing is. From then on nothing of it is asked of Meta, and nothing of it spends.</summary>
internal sealed class RetireScript(History history, int weight)
{
    private readonly Random? _random = !history.IsOfNumbers && weight % 31 is 4 or 12 or 25 && history.AdoptSeed is null && !history.Batches.IsOn && !history.Publishers.IsOn && !history.Proposals.IsOn ? new(unchecked((weight * 59) + 23)) : null;
    private DateTimeOffset? _retiredAt;

    public bool IsOn => _random is not null;

    private (Guid Id, string AdAccountId, string Name) Account => history.Script.Accounts[^1];

    public void Plan()
    {
        if (_random is null) return;
        var (at, stops) = (_random.Next(5, 500), _random.Next(4) > 0);
        if (stops) history.Script.At(at, $"stops {Account.Name}, which is to be retired", (api, ct) => api.Get<StopSwitch>().StopAsync(Account.Id, "client", null, ct));
        Try(at + _random.Next(1, 60));
    }

    /// <summary>Whether it is retired, as the table says: whoever has asked for it may not have heard.</summary>
    public bool IsRetired(Guid accountId)
    {
        if (_random is null || accountId != Account.Id) return false;
        using var connection = history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<bool>("SELECT retired_at IS NOT NULL FROM social_accounts WHERE id = @accountId", new { accountId });
    }

    /// <summary>A call is about to be sent.</summary>
    public void Sends(GraphCall call)
    {
        if (_retiredAt is not { } at) return;
        var first = call.Path.Split('/')[0];
        var account = first.StartsWith("act_", StringComparison.Ordinal) ? first : history.World.Objects.FirstOrDefault(one => one.Id == first)?.AccountId;
        // Who had begun to read may read on, when he wakes.
        if (account == Account.AdAccountId && (call.Changes || history.Clockwork.Now - at > TimeSpan.FromMinutes(2) + history.Slept)) history.Judge.Condemn($"{call} was sent {history.Clockwork.Now - at} after {Account.Name} was retired");
    }

    public void End(Npgsql.NpgsqlConnection connection)
    {
        if (_random is null || !IsRetired(Account.Id)) return;
        JudgeSpending();
        foreach (var what in connection.Query<string>("""
            SELECT concat('run ', request_id) FROM orchestrations WHERE social_account_id = @Id AND status IN ('queued', 'running', 'waiting')
            UNION ALL SELECT concat('edit ', edit_id) FROM campaign_edits WHERE social_account_id = @Id AND state IN ('queued', 'running', 'waiting')
            UNION ALL SELECT concat('sync ', sync_id) FROM insight_syncs WHERE social_account_id = @Id AND state IN ('queued', 'running', 'waiting')
            UNION ALL SELECT concat('stop ', id) FROM stops WHERE social_account_id = @Id AND (lifted_at IS NULL OR job_id IS NOT NULL)
            UNION ALL SELECT concat('activation of ', request_id) FROM activations WHERE social_account_id = @Id AND (state IN ('activating', 'active', 'paused') OR paused_ids <> '{}')
            UNION ALL SELECT 'the token' FROM social_accounts WHERE id = @Id AND access_token IS NOT NULL
            """, new { Account.Id })) history.Judge.Condemn($"{Account.Name} is retired, and {what} of it is left");
    }

    // As long as it is worth while: in the calm whatever was stopped is started again.
    private void Try(double at) => history.Script.At(at, $"retires {Account.Name}", async (api, ct) =>
    {
        if (history.Clockwork.Now > history.Script.CalmFrom.AddMinutes(19)) return;
        foreach (var asked in history.Script.Requests.Where(one => one.AccountId == Account.Id && one.RequestId is not null)) await api.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId!.Value, "client", ct);
        List<Guid> edits;
        using (var connection = history.Database.Aside.OpenConnection()) edits = connection.Query<Guid>("SELECT edit_id FROM campaign_edits WHERE social_account_id = @Id AND state IN ('queued', 'waiting')", new { Account.Id }).AsList();
        foreach (var edit in edits) await api.Get<CancelEdit>().ExecuteAsync(edit, "client", ct);
        if (await api.Get<RetireAccount>().ExecuteAsync(Account.Id, _ => true, leaveActive: false, "client", ct) is not Retirement.Done)
        {
            Try(_random!.Next(3, 40));
            return;
        }

        history.Clockwork.Tell($"{Account.Name} is retired");
        _retiredAt ??= history.Clockwork.Now;
        JudgeSpending();
    });

    private void JudgeSpending()
    {
        foreach (var campaign in history.World.Ours(Account.AdAccountId).Where(one => !one.IsByHand && MetaWorld.IsSpending(one, history.World.Objects)))
            history.Judge.Condemn($"{Account.Name} is retired, and its campaign {campaign.Id} spends");
    }
}
