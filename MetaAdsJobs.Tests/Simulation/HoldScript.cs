using Dapper;
using MetaAdsJobs.Core.Campaigns.Holding;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Requests that are to be activated at a time, accounts that demand approval, and somebody who gives it, or not; and what must not be before that.</summary>
internal sealed class HoldScript(History history)
{
    private readonly HashSet<string> _demanding = [];
    private Random _answers = new(0);

    public void Plan(IReadOnlyList<Asked> requests)
    {
        if (history.HoldSeed is not { } seed) return;
        var random = new Random(unchecked((seed * 19) + 3));
        _answers = new(seed);
        foreach (var asked in requests)
            if (random.Next(2) == 0) asked.ActivateAt = DateTimeOffset.FromUnixTimeSeconds(history.Clockwork.Now.AddSeconds(random.Next(100, 1500)).ToUnixTimeSeconds());
        using var connection = history.Database.Aside.OpenConnection();
        foreach (var (id, adAccountId, _) in history.Script.Accounts.Where(_ => random.Next(3) > 0))
        {
            connection.Execute("UPDATE social_accounts SET approval_required = 'always' WHERE id = @id", new { id });
            _demanding.Add(adAccountId);
        }

        if (_demanding.Count > 0) PlanAnswers();
    }

    /// <summary>A call that activates a campaign of ours is about to be sent.</summary>
    public void Activates(MetaObject campaign)
    {
        if (history.HoldSeed is null || campaign.IsOfOthers) return;
        using var connection = history.Database.Aside.OpenConnection();
        var (isApproved, isAskedByHand) = connection.QuerySingle<(bool, bool)>("""
            SELECT EXISTS (SELECT 1 FROM approvals p JOIN meta_campaigns c USING (request_id) WHERE c.meta_id = @Id AND p.decided_by = 'bob' AND p.state <> 'rejected'),
                   EXISTS (SELECT 1 FROM campaign_edits e JOIN meta_campaigns c USING (request_id) WHERE c.meta_id = @Id AND e.made_by IS NULL AND e.kind IN ('publish', 'resume'))
            """, new { campaign.Id });
        if (_demanding.Contains(campaign.AccountId) && !isApproved) history.Judge.Condemn($"campaign {campaign.Id} is activated, and nobody has approved it");
        var asked = history.Script.Requests.FirstOrDefault(one => campaign.Name.StartsWith($"{one.Name} ", StringComparison.Ordinal));
        if (!isAskedByHand && asked?.ActivateAt is { } at && at > history.Clockwork.Now) history.Judge.Condemn($"campaign {campaign.Id} is activated {at - history.Clockwork.Now} before its time");
    }

    // As long as the history goes on: whatever is asked for is answered some time.
    private void PlanAnswers() => history.Clockwork.Plan(TimeSpan.FromSeconds(_answers.Next(20, 200)), null, null, "bob answers", () =>
    {
        PlanAnswers();
        if (history.Api is { IsStopping: false } api) api.Begin("bob answers", ct => AnswerAsync(api, ct), _ => { });
    });

    private async Task AnswerAsync(SimProcess api, CancellationToken ct)
    {
        foreach (var asked in (await api.Get<ApprovalReader>().ListAsync(new("asked"), null, 50, ct)).Items)
        {
            var answer = _answers.Next(8);
            if (answer == 0) await api.Get<DecideApproval>().RejectAsync(asked.Id, "bob", null, ct);
            else if (answer > 1) await api.Get<DecideApproval>().ApproveAsync(asked.Id, "bob", answer == 2 ? null : asked.ContentHash, ct);
        }
    }
}
