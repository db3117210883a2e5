using Dapper;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Starts, of which some leave paused what their stop has paused in a seventh of the histories; and what must not come of that.</summary>
internal sealed class StartScript(History history, int weight)
{
    private static readonly TimeSpan LongestPermit = TimeSpan.FromMinutes(4);
    private readonly Random? _random = !history.IsOfNumbers && weight % 7 == 3 ? new(unchecked((weight * 41) + 13)) : null;

    private bool _hasLeft;

    /// <summary>Some starts activate nothing again.</summary>
    public bool LeavesSome => _random is not null || _hasLeft;

    /// <param name="accountId">Null: all.</param>
    public async Task StartAsync(SimProcess api, Guid? accountId, CancellationToken ct)
    {
        if (_random is null || _random.Next(2) == 0) await api.Get<StopSwitch>().StartAsync(accountId, "client", reactivate: true, ct);
        else await LeaveAsync(api, accountId, ct);
    }

    /// <summary>Lifts the stop, and activates nothing again.</summary>
    public async Task LeaveAsync(SimProcess api, Guid? accountId, CancellationToken ct)
    {
        _hasLeft = true;
        history.Clockwork.Tell("it is to leave paused what is");
        await api.Get<StopSwitch>().StartAsync(accountId, "client", reactivate: false, ct);
    }

    /// <summary>A call is about to be sent. Which start was last decides whether anything is activated again.</summary>
    public void Sends(GraphCall call)
    {
        if (!LeavesSome || !call.Activates || call.ByKind != "resume" || history.World.Objects.FirstOrDefault(one => one.Id == call.Path) is not { } thing) return;
        using var connection = history.Database.Aside.OpenConnection();
        if (LastOf(connection, thing.AccountId) is { Reactivates: false } last && history.Clockwork.Now - last.LiftedAt > LongestPermit)
            history.Judge.Condemn($"{call} was sent {history.Clockwork.Now - last.LiftedAt} after a start that was to leave it paused");
    }

    /// <summary>Whether a start was to leave something paused since it was activated last.</summary>
    public bool IsLeft(Npgsql.NpgsqlConnection connection, MetaObject one)
    {
        if (!LeavesSome) return false;
        // What is carried out late was asked for when it was sent.
        var (at, call) = history.World.Done.Where(done => done.Object == one && done.Call["status"] == "ACTIVE")
            .Select(done => (At: history.World.AllSent.Find(sent => ReferenceEquals(sent.Call, done.Call))?.At ?? done.At, done.Call)).OrderBy(done => done.At).LastOrDefault();
        // What a start was at when the other came it may send, and repeat, for as long as its permit holds.
        var activatedAt = call is { ByKind: "resume" } ? at - LongestPermit - history.SettleDelay : at;
        return connection.ExecuteScalar<bool>($"SELECT EXISTS (SELECT 1 FROM stops s WHERE lifted_at > @activatedAt AND NOT reactivate AND {CoversSql})", new { activatedAt, one.AccountId });
    }

    public void End(Npgsql.NpgsqlConnection connection, string adAccountId)
    {
        foreach (var id in connection.Query<Guid>("SELECT request_id FROM activations v JOIN social_accounts a ON a.id = v.social_account_id WHERE a.ad_account_id = @adAccountId AND v.state = 'activating'", new { adAccountId }))
            history.Judge.Condemn($"{history.NameOf(id)} is being activated for ever");
        if (!LeavesSome || LastOf(connection, adAccountId) is not { Reactivates: false } last) return;
        foreach (var campaign in history.World.Ours(adAccountId).Where(one => one is { Kind: "campaigns", Lives: true, Status: "ACTIVE", IsByHand: false }))
        {
            var calls = history.World.Done.Where(done => done.Object == campaign && done.Call["status"] is "ACTIVE" or "PAUSED" && !done.Call.IsCreate).ToList();
            // Of one that was sent twice the second may come when all is long told, and the stop over that has not seen it.
            if (calls.LastOrDefault() is { Call: { Activates: true, ByKind: "resume" } } done && done.At > last.LiftedAt && !calls.Exists(other => other.At < last.LiftedAt && other.At > last.LiftedAt - LongestPermit && other.Call.Activates))
                history.Judge.Condemn($"campaign {campaign.Id} is active, and the last start was to leave it paused");
        }
    }

    private const string CoversSql = "(s.social_account_id IS NULL OR s.social_account_id = (SELECT id FROM social_accounts WHERE ad_account_id = @AccountId))";

    private static (DateTimeOffset LiftedAt, bool Reactivates)? LastOf(Npgsql.NpgsqlConnection connection, string adAccountId) =>
        connection.Query<(DateTimeOffset, bool)>($"SELECT lifted_at, reactivate FROM stops s WHERE lifted_at IS NOT NULL AND {CoversSql} ORDER BY lifted_at DESC LIMIT 1", new { AccountId = adAccountId }).Select(one => ((DateTimeOffset, bool)?)one).FirstOrDefault();
}
