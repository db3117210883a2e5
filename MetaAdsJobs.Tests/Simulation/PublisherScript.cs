using System.Text;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Publishers.Templates;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>A publisher that tells of clips: twice, late, out of order, changed, until it is heard; and what must have become of each.</summary>
internal sealed class PublisherScript(History history, int weight)
{
    private const string Prefix = "Published ";
    private static readonly JsonElement Template = JsonDocument.Parse($$$"""
        {"request":{"campaign_name":"{{{Prefix}}}{clip.clip_id} {clip.title}","campaign_objective":"OUTCOME_TRAFFIC","daily_budget_cents":1000,"creative_title":"{clip.title:40}","landing_url":"https://example.com/","optimization_goal":"LINK_CLICKS"}}
        """).RootElement;

    private readonly HashSet<(string Clip, Guid Account)> _told = [];
    private readonly HashSet<string> _taken = [];
    private SignatureCheck.Signed? _publisher;
    private bool _isReady;
    private SimProcess? _busy;

    /// <summary>An eleventh of the histories.</summary>
    public bool IsOn { get; } = !history.IsOfNumbers && weight % 11 == 6;

    public void Plan()
    {
        if (!IsOn) return;
        var random = new Random(unchecked((weight * 13) + 5));
        var accounts = history.Script.Accounts;
        // Twice: nobody asks again for what dies with its process.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var name = $"studio-{attempt}";
            history.Script.At(0.1 + (4 * attempt), $"makes the publisher {name}", async (api, ct) =>
            {
                if (_publisher is null && await api.Get<SavePublisher>().CreateAsync(JsonSerializer.SerializeToElement(new { name, runs_per_day = 1000 }), "client", ct) is PublisherSaved.Done made) _publisher = new(made.Value.Id, made.Value.UpdatedAt);
                if (_publisher is not { } publisher) return;
                foreach (var account in accounts)
                    if (await api.Get<SaveTemplate>().ExecuteAsync(publisher.PublisherId, account.Id, Template, "client", ct) is not TemplateSaved.Done) history.Judge.Condemn("a template is refused");
                _isReady = true;
            });
        }

        for (var number = random.Next(2, 6); number > 0; number--)
        {
            var clip = $"c{random.Next(1, 4)}";
            // Of two events of one clip the later comes first sometimes, and shows something else.
            var (title, changed) = (random.Next(2) == 0 ? "first" : "second", history.Clockwork.Now.AddMinutes(-random.Next(1, 60)));
            var account = random.Next(3) == 0 ? (Guid?)null : accounts[random.Next(accounts.Count)].Id;
            var (message, at) = ($"msg_{number}", (double)random.Next(5, 400));
            for (var times = random.Next(1, 4); times > 0; times--) Send(at + (random.Next(3) * random.Next(1, 200)), message, clip, title, changed, account);
        }
    }

    /// <summary>Each clip has become one run in each account that it was told for, and each message is known once.</summary>
    public async Task JudgeAsync(Npgsql.NpgsqlConnection connection)
    {
        if (!IsOn || _publisher is null) return;
        foreach (var message in _taken.Where(message => connection.ExecuteScalar<long>("SELECT count(*) FROM clip_events WHERE message_id = @message", new { message }) != 1)) history.Judge.Condemn($"{message} was taken, and is not known once");
        foreach (var (clip, account) in _told.Where(told => connection.ExecuteScalar<long>("SELECT count(*) FROM clip_runs WHERE clip_key = @Clip AND social_account_id = @Account", new { told.Clip, told.Account }) != 1)) history.Judge.Condemn($"clip {clip} has no run in {account}");
        var odd = await connection.QueryAsync<string>($"""
            SELECT 'run ' || o.campaign_name || ' is of no clip' FROM orchestrations o WHERE campaign_name LIKE '{Prefix}%' AND NOT EXISTS (SELECT 1 FROM clip_runs r WHERE r.request_id = o.request_id)
            UNION ALL SELECT 'clip ' || clip_key || ' has become a run that there is not' FROM clip_runs r WHERE NOT EXISTS (SELECT 1 FROM orchestrations o WHERE o.request_id = r.request_id)
            UNION ALL SELECT 'message ' || message_id || ' has become nothing' FROM clip_events e WHERE NOT EXISTS (SELECT 1 FROM clip_outcomes c WHERE c.event_id = e.id AND c.state IN ('accepted', 'existing', 'outdated'))
            UNION ALL SELECT 'message ' || e.message_id || ' has become another''s run' FROM clip_events e JOIN clip_outcomes c ON c.event_id = e.id WHERE c.request_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM clip_runs r WHERE (r.request_id, r.clip_key, r.social_account_id) = (c.request_id, e.clip_key, c.social_account_id))
            """);
        foreach (var verdict in odd) history.Judge.Condemn(verdict);
    }

    private void Send(double at, string message, string clip, string title, DateTimeOffset changed, Guid? account) => history.Script.At(at, $"publishes {clip} {title} by {message}", async (api, ct) =>
    {
        if (!_isReady) return;
        // One at a time: who waits for his turn in a process waits for nothing that a history knows of.
        if (_busy is { IsDead: false })
        {
            Send(3, message, clip, title, changed, account);
            return;
        }

        _busy = api;
        try
        {
            var body = JsonSerializer.Serialize(new { type = "clip.published", data = new { clip_id = clip, title, image_url = $"https://example.com/{title}.jpg", published_at = changed, social_account_id = account } });
            if (await api.Get<ReceiveClipEvent>().ExecuteAsync(_publisher!, new(message, "", "", Encoding.UTF8.GetBytes(body)), JsonDocument.Parse(body).RootElement, ct) is not Reception.Taken taken)
            {
                history.Judge.Condemn($"{message} was not taken");
                return;
            }

            _taken.Add(message);
            foreach (var outcome in taken.Event.Outcomes.Where(outcome => outcome.State is "accepted" or "existing")) _told.Add((clip, outcome.SocialAccountId));
        }
        finally
        {
            _busy = null;
        }
    });
}
