using System.Globalization;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Ends and lifetime budgets, in a tenth of the histories: requests have them, edits move them, also beyond an end that has just passed; and what stands at Meta in the end.</summary>
internal sealed class TermScript(History history, int weight)
{
    private readonly Random? _random = !history.IsOfNumbers && weight % 29 is 3 or 11 or 20 ? new(unchecked((weight * 53) + 19)) : null;
    private readonly HashSet<MetaObject> _movedByHand = [];
    private readonly Dictionary<Asked, (int? Minutes, DateTimeOffset? End, bool HasLifetime)> _terms = [];

    public bool IsOn => _random is not null;

    public void Plan(IReadOnlyList<Asked> requests)
    {
        if (_random is null || requests.Count == 0) return;
        foreach (var asked in requests)
        {
            if (asked.ActivateAt is null) _terms[asked] = (Minutes(), null, _random.Next(2) == 0);
            // Moved while it is counted, when it is about to pass, and when it has.
            for (var number = _random.Next(1, 5); number > 0; number--) PlanEdit(asked, _random.Next(20, 1200), _random.Next(4), _random.Next(1, 6) * 4000, Minutes());
        }
    }

    /// <summary>The fields of a request that tell what it may spend, and until when.</summary>
    public string BudgetOf(Asked asked, int cents)
    {
        if (!_terms.TryGetValue(asked, out var term) || term.Minutes is null) return $"\"daily_budget_cents\":{cents}";
        if (term.End is null) _terms[asked] = term = term with { End = DateTimeOffset.FromUnixTimeSeconds(history.Clockwork.Now.AddMinutes(term.Minutes.Value).ToUnixTimeSeconds()) };
        var days = Math.Max(1, (int)Math.Ceiling(term.Minutes.Value / 1440.0));
        return $"{(term.HasLifetime ? $"\"lifetime_budget_cents\":{cents * days}" : $"\"daily_budget_cents\":{cents}")},\"end_time\":\"{Text(term.End!.Value)}\"";
    }

    /// <summary>It was not accepted before its end: it is asked for without one.</summary>
    public bool IsOver(Asked asked)
    {
        if (!_terms.TryGetValue(asked, out var term) || !(term.End <= history.Clockwork.Now)) return false;
        return _terms.Remove(asked);
    }

    /// <summary>Somebody gives it a later end in Ads Manager, whatever was asked for here.</summary>
    public void MovesByHand(MetaObject adSet, TimeSpan later)
    {
        adSet.EndTime += later;
        _movedByHand.Add(adSet);
    }

    /// <summary>A call is about to be sent. What it lets end later is counted until then: its room is not given away meanwhile.</summary>
    public void Sends(GraphCall call)
    {
        if (_random is null || call.IsCreate || call["end_time"] is not { } text || history.World.Objects.FirstOrDefault(one => one.Id == call.Path) is not { IsByHand: false, Parent.IsByHand: false }) return;
        var end = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUniversalTime();
        using var connection = history.Database.Aside.OpenConnection();
        foreach (var until in connection.Query<DateTimeOffset>("SELECT v.ends_at FROM activations v JOIN meta_adsets s USING (request_id) WHERE s.meta_id = @Path AND v.state IN ('activating', 'active') AND v.ends_at < @end", new { call.Path, end }))
            history.Judge.Condemn($"{call} lets it end at {end:u}, and it is counted until {until:u}");
    }

    /// <summary>What was asked for last is how it stands; of what failed nobody knows.</summary>
    public void End(Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        if (_random is null) return;
        var edits = connection.Query<(string MetaId, string State, long? Lifetime, DateTimeOffset? End)>($"""
            SELECT meta_id, state, (fields ->> 'lifetime_budget_cents')::bigint, (fields ->> 'end_time')::timestamptz FROM campaign_edits e WHERE social_account_id = @accountId AND kind = 'update' AND state <> 'cancelled' ORDER BY {Judge.Turn}
            """, new { accountId }).ToLookup(edit => edit.MetaId);
        foreach (var thing in history.World.Objects.Where(one => edits.Contains(one.Id) && !_movedByHand.Contains(one) && one is { Lives: true, IsByHand: false, Parent: { Lives: true, IsByHand: false, Status: not "ARCHIVED" }, Status: not "ARCHIVED" }))
        {
            if (edits[thing.Id].LastOrDefault(edit => edit.Lifetime is not null) is { State: "succeeded", Lifetime: { } lifetime } && thing.Lifetime != lifetime)
                history.Judge.Condemn($"the lifetime budget of {thing.Id} was set to {lifetime} last, and is {thing.Lifetime}");
            if (edits[thing.Id].LastOrDefault(edit => edit.End is not null) is { State: "succeeded", End: { } end } && thing.EndTime != end)
                history.Judge.Condemn($"the end of {thing.Id} was set to {end:u} last, and is {thing.EndTime:u}");
        }
    }

    private int Minutes() => ((int[])[6, 12, 25, 60, 2 * 1440, 4 * 1440])[_random!.Next(6)];

    private void PlanEdit(Asked asked, double at, int what, int cents, int minutes) => history.Script.At(at, $"asks for another end or lifetime budget of {asked.Name}", async (api, ct) =>
    {
        if (asked.RequestId is not { } id || await api.Get<OrchestrationReader>().FindAsync(id, ct) is not { CampaignCreation.AdsetMetaId: { } adSet, Status: "succeeded" }) return;
        var end = $"\"end_time\":\"{Text(DateTimeOffset.FromUnixTimeSeconds(history.Clockwork.Now.AddMinutes(minutes).ToUnixTimeSeconds()))}\"";
        var body = what switch { 0 => $"\"lifetime_budget_cents\":{cents}", 1 => $"\"lifetime_budget_cents\":{cents},{end}", _ => end };
        await api.Get<RequestEdit>().ExecuteAsync(EditLevel.Adset, adSet, EditKind.Update, JsonElement.Parse($"{{{body}}}"), "client", ct);
    });

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
