using System.Globalization;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What people do in a history: requests, cancels, retries, stops, starts, caps, tokens; and what they do in Ads Manager.</summary>
internal sealed class Script(History history)
{
    private readonly List<Asked> _asked = [];
    private readonly List<(Guid Id, string AdAccountId, string Name)> _accounts = [];
    private readonly List<Guid> _clips = [];
    private int _open;
    private int _tokens;

    public DateTimeOffset CalmFrom { get; private set; }

    /// <summary>Nobody does anything more.</summary>
    public bool IsOver => _open == 0;
    public IReadOnlyList<Asked> Requests => _asked; public IReadOnlyList<Guid> Clips => _clips;
    public IReadOnlyList<(Guid Id, string AdAccountId, string Name)> Accounts => _accounts;

    public async Task PrepareAsync()
    {
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        var count = history.Choices.OneOf(1, 2);
        for (var number = 1; number <= count; number++)
        {
            var (id, adAccount) = (IdOf(number), $"act_{1_000_000_000 + number}");
            var cap = history.Choices.OneOf(1_000_000L, 15_000L, 25_000L);
            await connection.ExecuteAsync("""
                INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, default_countries, access_token, daily_cap_cents, created_at, updated_at)
                VALUES (@id, @name, @adAccount, '1', 'USD', 'America/New_York', '{US}', @token, @cap, clock_timestamp(), clock_timestamp())
                """, new { id, name = $"A{number}", adAccount, token = SimProcess.CloseToken("token0"), cap });
            _accounts.Add((id, adAccount, $"A{number}"));
            history.Name(id, $"A{number}");
            history.World.SetToken(adAccount, "token0");
            history.Caps.Starts(adAccount, cap);
        }

        foreach (var column in (string[])["image_url", history.FileSeed is null ? "video_url" : "file_key, file_type, file_bytes, file_sha256", "video_id"])
        {
            var id = IdOf(10 + _clips.Count);
            await connection.ExecuteAsync($"INSERT INTO clips (id, title, {column}, thumbnail_url, created_at) VALUES (@id, 'Clip', {(column[0] == 'f' ? $"@id::text, 'video/mp4', {MetaWorld.BytesOfFile}, 'abc'" : "@value")}, @thumbnail, clock_timestamp())",
                new { id, value = column == "video_id" ? "1" : "https://example.com/clip", thumbnail = column == "image_url" ? null : "https://example.com/t.jpg" });
            _clips.Add(id);
        }
    }

    public void Plan()
    {
        if (history.IsOfNumbers) history.Syncs.Plan();
        else PlanRequests(history.Choices);
        history.Edits.Plan(_asked, _clips);
        history.Into.Plan(_asked);
        history.Holds.Plan(_asked);
        history.Terms.Plan(_asked);
        CalmFrom = history.Clockwork.Now + TimeSpan.FromSeconds(history.Choices.OneOf(120, 400, 1200));
    }

    private void PlanRequests(Choices choices)
    {
        for (var number = 1 + choices.OneOf(0, 1, 2); number > 0; number--)
        {
            var asked = new Asked(_asked.Count + 1, _accounts[choices.Below(_accounts.Count)].Id, choices.Chance(0.6)) { ClipId = _clips[choices.OneOf(0, 1, 2)], AdSets = TreeOf(_asked.Count + 1) };
            _asked.Add(asked);
            At(choices.OneOf(0, 1, 40), $"asks for {asked.Name}", (api, ct) => AskAsync(api, asked, ct));
        }

        for (var more = choices.Below(6); more > 0; more--)
        {
            var (asked, account) = (_asked[choices.Below(_asked.Count)], _accounts[choices.Below(_accounts.Count)]);
            var at = choices.OneOf(1, 3, 10, 40, 120, 400) + (choices.Below(20) / 10.0);
            switch (choices.Below(8))
            {
                case 0:
                    At(at, $"cancels {asked.Name}", async (api, ct) =>
                    {
                        if (asked.RequestId is { } id) await api.Get<CancelOrchestration>().ExecuteAsync(id, "client", ct);
                    });
                    break;
                case 1:
                    At(at, $"retries {asked.Name}", async (api, ct) =>
                    {
                        if (asked.RequestId is { } id) await api.Get<RetryOrchestration>().ExecuteAsync(id, "client", ct);
                    });
                    break;
                case 2:
                    var all = choices.Chance(0.2);
                    At(at, $"stops {(all ? "all" : account.Name)}", (api, ct) => api.Get<StopSwitch>().StopAsync(all ? null : account.Id, "client", null, ct));
                    if (choices.Chance(0.6)) At(at + choices.OneOf(5, 60, 600), $"starts {(all ? "all" : account.Name)}", (api, ct) => history.Starts.StartAsync(api, all ? null : account.Id, ct));
                    break;
                case 3:
                    At(at, $"looks at the spending of {account.Name}", (api, ct) => LookAsync(api, account.Id, account.AdAccountId, ct));
                    break;
                case 4:
                    var cap = choices.OneOf(15_000L, 25_000L, 1_000_000L);
                    history.Caps.At(at, account, cap);
                    break;
                case 5:
                    ChangeToken(account, at);
                    break;
                case 6:
                    history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, "somebody in Ads Manager", () => ByHand(account.AdAccountId));
                    break;
                default:
                    history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, $"Meta blocks {account.Name}", () => history.World.BlockedAccounts.Add(account.AdAccountId));
                    At(at + choices.OneOf(30, 300), $"unblocks {account.Name}", (api, ct) =>
                    {
                        history.World.BlockedAccounts.Remove(account.AdAccountId);
                        return PatchAsync(api, account.Id, """{"unblock":true}""", ct);
                    });
                    break;
            }
        }
    }

    private IReadOnlyList<int> TreeOf(int number)
    {
        if (history.TreeSeed is not { } seed) return [];
        var random = new Random(unchecked((seed * 31) + number));
        return [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(1, 5))];
    }

    /// <summary>How many ads the campaign is to have.</summary>
    public int AdsOf(MetaObject campaign) => Math.Max(1, _asked.Find(asked => campaign.Name.StartsWith($"{asked.Name} ", StringComparison.Ordinal))?.AdSets.Sum() ?? 0);

    /// <summary>Within seconds, and lifted when whatever was under way is done.</summary>
    public void StopsSoon(string adAccountId)
    {
        var account = _accounts.Find(one => one.AdAccountId == adAccountId);
        var at = history.Choices.OneOf(0.5, 0.01, 3);
        At(at, $"stops {account.Name}", (api, ct) => api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct));
        var later = at + history.Choices.OneOf(600, 60, 10);
        At(later - 1, $"looks at the spending of {account.Name}", (api, ct) => LookAsync(api, account.Id, account.AdAccountId, ct));
        At(later, $"starts {account.Name}", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
    }

    public void ChangeToken((Guid Id, string AdAccountId, string Name) account, double at)
    {
        var token = $"token{++_tokens}";
        history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, $"the token of {account.Name} is no longer good", () => history.World.SetToken(account.AdAccountId, token));
        At(at + history.Choices.OneOf(1, 30, 300), $"gives {account.Name} its new token", (api, ct) => PatchAsync(api, account.Id, $$"""{"access_token":"{{history.World.TokenOf(account.AdAccountId)}}"}""", ct));
    }

    /// <summary>When nothing goes wrong any more: whatever waits for a person gets one.</summary>
    public void PlanCalm()
    {
        foreach (var account in _accounts)
        {
            var token = $"token{++_tokens}";
            history.World.SetToken(account.AdAccountId, token);
            history.World.BlockedAccounts.Remove(account.AdAccountId);
            history.Caps.At(1, $"gives {account.Name} {token}, unblocks it, takes its cap away", account, long.MaxValue, () => $$"""{"access_token":"{{history.World.TokenOf(account.AdAccountId)}}","unblock":true,"caps_off":true}""");
            At(1200, $"looks at the spending of {account.Name}", (api, ct) => LookAsync(api, account.Id, account.AdAccountId, ct));
            At(1300, $"starts {account.Name}", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
        }

        At(1300, "starts all", (api, ct) => history.Starts.StartAsync(api, null, ct));
        history.Syncs.PlanCalm();
        foreach (var asked in _asked.Where(asked => asked.RequestId is null && !history.Retires.IsRetired(asked.AccountId))) At(1, $"asks for {asked.Name} once more", (api, ct) => AskAsync(api, asked, ct));
    }

    /// <summary>Since when a stop of the account has been in force; null without one. Starts count from when they were asked for.</summary>
    public DateTimeOffset? StoppedSince(string adAccountId)
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.QuerySingleOrDefault<DateTimeOffset?>("""
            SELECT min(stopped_at) FROM stops s WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = (SELECT id FROM social_accounts WHERE ad_account_id = @adAccountId))
            """, new { adAccountId });
    }

    /// <summary>Whether the service reckons with it that a campaign is active, or may be soon.</summary>
    public bool IsCounted(MetaObject campaign)
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.Query<(Guid Id, int Round)>("SELECT request_id, round FROM orchestrations JOIN activations USING (request_id) WHERE state IN ('activating', 'active')")
            .Any(run => Enumerable.Range(1, run.Round).Any(round => Marker.For(run.Id, round, StepName.Campaign) == campaign.Marker));
    }

    public bool HasOpen() => Open().Count > 0;
    public string OpenNow() => string.Join(", ", Open());
    public void Died(SimProcess process) => _open -= process.Activities.Count(one => one.Name.StartsWith("client ", StringComparison.Ordinal));

    public async Task CleanAsync()
    {
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        var accounts = _accounts.Select(account => account.Id).ToArray();
        await connection.ExecuteAsync("""
            DELETE FROM clip_runs; DELETE FROM clip_templates; DELETE FROM publishers; DELETE FROM batch_rows WHERE social_account_id = ANY(@accounts); DELETE FROM batches b WHERE NOT EXISTS (SELECT 1 FROM batch_rows r WHERE r.batch_id = b.batch_id); DELETE FROM campaign_edits WHERE social_account_id = ANY(@accounts);
            DELETE FROM meta_ads a USING orchestrations o WHERE o.request_id = a.request_id AND o.social_account_id = ANY(@accounts);
            DELETE FROM meta_creatives WHERE social_account_id = ANY(@accounts);
            DELETE FROM meta_adsets a USING orchestrations o WHERE o.request_id = a.request_id AND o.social_account_id = ANY(@accounts);
            DELETE FROM meta_campaigns WHERE social_account_id = ANY(@accounts);
            DELETE FROM meta_changes WHERE social_account_id = ANY(@accounts);
            DELETE FROM clip_videos; DELETE FROM clip_images; DELETE FROM account_pacing; DELETE FROM stops; DELETE FROM freezes;
            DELETE FROM insight_reports r USING insight_syncs s WHERE s.sync_id = r.sync_id AND s.social_account_id = ANY(@accounts);
            DELETE FROM insight_staging; DELETE FROM insight_staging_marks; DELETE FROM insight_days WHERE social_account_id = ANY(@accounts);
            DELETE FROM insight_campaign_days WHERE social_account_id = ANY(@accounts); DELETE FROM insight_changes WHERE social_account_id = ANY(@accounts);
            DELETE FROM meta_ad_insights WHERE social_account_id = ANY(@accounts); DELETE FROM meta_report_rows WHERE social_account_id = ANY(@accounts);
            DELETE FROM insight_syncs WHERE social_account_id = ANY(@accounts);
            DELETE FROM orchestrations WHERE social_account_id = ANY(@accounts); DELETE FROM clip_accounts WHERE social_account_id = ANY(@accounts);
            DELETE FROM events WHERE social_account_id = ANY(@accounts); DELETE FROM social_accounts WHERE id = ANY(@accounts);
            DELETE FROM clips WHERE id = ANY(@clips) OR title IN ('first', 'second');
            """, new { accounts, clips = _clips.ToArray() });
    }

    // The same in every history: rows and look-ups come in the order of ids here and there.
    private static Guid IdOf(int number) => new(number, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 1);

    private List<string> Open()
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.Query<(Guid Id, string Status, string? Reason)>("""
            SELECT request_id, status, wait_reason FROM orchestrations WHERE status IN ('queued', 'running', 'waiting')
            UNION ALL SELECT id, 'stop', NULL FROM stops WHERE job_id IS NOT NULL
            UNION ALL SELECT request_id, 'untold', state FROM activations v WHERE (untold_ids <> '{}' OR state = 'activating') AND NOT EXISTS (
                SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
            UNION ALL SELECT edit_id, state, concat(kind, ' ', meta_id, ': ', wait_reason) FROM campaign_edits WHERE state IN ('queued', 'running', 'waiting') OR state = 'cancelled' AND lease_until IS NOT NULL
            UNION ALL SELECT sync_id, state, wait_reason FROM insight_syncs WHERE state IN ('queued', 'running', 'waiting')
            """).Select(row => $"{history.NameOf(row.Id)} {row.Status} {row.Reason}").ToList();
    }

    private async Task AskAsync(SimProcess api, Asked asked, CancellationToken ct)
    {
        // Whatever the tree, it may spend the same, so that caps mean the same.
        var adSets = asked.AdSets.Select((ads, set) => $$"""{"ads":[{{string.Join(',', Enumerable.Range(0, ads).Select(ad => asked.AdOf(history.KindSeed, _clips, set, ad) ?? $$"""{"clip_id":"{{_clips[ad % _clips.Count]}}"}"""))}}]}""");
        var text = $$"""
            {"social_account_id":"{{asked.AccountId}}","clip_id":"{{asked.ClipId}}","campaign_name":"{{asked.Name}}","campaign_objective":"OUTCOME_TRAFFIC",{{history.Terms.BudgetOf(asked, 10000 / Math.Max(1, asked.AdSets.Count))}},
             "creative_title":"Title","landing_url":"https://example.com/","optimization_goal":"LINK_CLICKS","auto_publish":{{(asked.Publishes ? "true" : "false")}}{{asked.Scheduled}}
             {{(asked.AdSets.Count == 0 ? "" : $$""","ad_sets":[{{string.Join(',', adSets)}}]""")}}}
            """;
        var body = JsonDocument.Parse(asked.AdSets.Count == 0 && asked.AdOf(history.KindSeed, _clips, 0, 0) is { } change ? Orchestrations.SentCase.Merged(text, change).ToJsonString() : text).RootElement;
        switch (await api.Get<AcceptOrchestration>().ExecuteAsync(body, "client", asked.Key, ct))
        {
            case Acceptance.Accepted accepted:
                asked.RequestId = accepted.RequestId;
                history.Name(accepted.RequestId, asked.Name);
                break;
            case Acceptance.Invalid when asked.IsUnscheduled(history.Clockwork.Now) || history.Terms.IsOver(asked):
                await AskAsync(api, asked, ct);
                break;
            case var other when !history.Retires.IsRetired(asked.AccountId):
                history.Judge.Condemn($"{asked.Name} was not accepted: {other}");
                break;
        }
    }

    private async Task LookAsync(SimProcess api, Guid accountId, string adAccountId, CancellationToken ct) => history.Judge.Told(adAccountId, (await api.Get<StopSwitch>().ReadAsync(accountId, ct))!);

    private static Task PatchAsync(SimProcess api, Guid accountId, string body, CancellationToken ct) => api.Get<SaveAccount>().ChangeAsync(accountId, JsonDocument.Parse(body).RootElement, ct);

    private void ByHand(string adAccountId)
    {
        var campaigns = history.World.Ours(adAccountId).Where(one => one is { Kind: "campaigns", Lives: true }).ToList();
        if (campaigns.Count == 0) return;
        var campaign = campaigns[history.Choices.Below(campaigns.Count)];
        var status = history.Choices.OneOf("PAUSED", "DELETED", "ARCHIVED");
        history.Clockwork.Tell($"by hand: campaign {campaign.Id} {status}");
        MetaWorld.ByHand(campaign, status);
    }

    // Does it in the API's process; when that is dead, or breaks in its midst, people try again.
    public void At(double seconds, string what, Func<SimProcess, CancellationToken, Task> act)
    {
        _open++;
        history.Clockwork.Plan(TimeSpan.FromSeconds(seconds), null, null, $"client {what}", () =>
        {
            _open--;
            if (history.Api is not { IsStopping: false } api)
            {
                At(5, what, act);
                return;
            }

            _open++;
            history.Clockwork.Tell($"client {what}");
            api.Begin($"client {what}", ct => act(api, ct), task =>
            {
                _open--;
                if (task.IsCompletedSuccessfully) return;
                history.Clockwork.Tell($"client {what}: {task.Exception?.InnerException?.Message.Split('\n')[0]}");
                At(5, what, act);
            });
        });
    }
}
