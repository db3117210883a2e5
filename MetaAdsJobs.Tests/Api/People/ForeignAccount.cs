using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>An account with one of everything, all of it marked: whoever may not see it must not find a mark anywhere.</summary>
internal sealed class ForeignAccount
{
    public Dictionary<Thing, string> Ids { get; } = [];

    public string Id => Ids[Thing.Account];

    /// <summary>Words that are in its names, titles, addresses and ids, and in nothing else.</summary>
    public string Mark { get; } = $"zz{Guid.NewGuid():N}"[..14];

    /// <summary>How all sums of money begin in which the account's numbers are, in answers and on pages: of one day it has spent so much that other days and accounts do not matter.</summary>
    public static readonly IReadOnlyList<string> Sums = ["765432198", "7,654,321,98"];

    /// <summary>What tells that something of it was told.</summary>
    public IEnumerable<string> Marks => Ids.Where(one => one.Key is not (Thing.Campaign or Thing.AdSet or Thing.Ad)).Select(one => one.Value).Append(Mark).Concat(Sums);

    public string Delivery { get; private set; } = "";

    public string Proposal { get; private set; } = "";

    public static async Task<ForeignAccount> AddAsync(Service service, ApiClient admin)
    {
        var it = new ForeignAccount();
        await it.FillAsync(service, admin);
        return it;
    }

    private async Task FillAsync(Service service, ApiClient admin)
    {
        var request = await admin.NewRequestAsync(account => account["name"] = $"{Mark} shop", new JsonObject { ["title"] = $"{Mark} clip", ["image_url"] = $"https://cdn.example.com/{Mark}.jpg" });
        var account = Ids[Thing.Account] = (string)request["social_account_id"]!;
        Ids[Thing.Clip] = (string)request["clip_id"]!;
        request["campaign_name"] = $"{Mark} sale";
        using var owner = service.Client("manager", $"{Mark}@example.com");
        Ids[Thing.Run] = await owner.AcceptAsync(request);
        Ids[Thing.Batch] = await owner.AcceptBatchAsync(BatchWorld.FileOf(request.Row($"{Mark} row")), $"?name={Mark}");
        var pooled = await PooledCampaigns.AddAsync(service.Database.DataSource, account, Mark, 10, 20);
        var pool = pooled.Body;
        pool["name"] = $"{Mark} pool";
        Ids[Thing.BudgetPool] = await MadeAsync(owner, "/meta/budget-pools", pool);
        var experiment = ExperimentWorld.Body(Guid.Parse(account), Guid.Parse(Ids[Thing.Clip]), "{}");
        (experiment["name"], experiment["request"]!["optimization_goal"]) = ($"{Mark} experiment", "LANDING_PAGE_VIEWS");
        Ids[Thing.Experiment] = await MadeAsync(owner, "/meta/experiments", experiment, "experiment_id");
        Ids[Thing.Sync] = await MadeAsync(owner, $"/meta/orchestrate/sync-insights/{account}", null, "sync_id");
        Ids[Thing.Freeze] = await MadeAsync(owner, "/meta/freezes", new JsonObject { ["social_account_id"] = account, ["from"] = "2030-01-01T00:00:00Z", ["until"] = "2031-01-01T00:00:00Z", ["reason"] = Mark });
        Ids[Thing.Webhook] = await MadeAsync(owner, "/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook", ["description"] = $"{Mark} hook", ["account_ids"] = new JsonArray(account) });
        Ids[Thing.AlertRule] = await MadeAsync(owner, "/meta/alerts/rules", new JsonObject { ["name"] = $"{Mark} rule", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5, ["account_ids"] = new JsonArray(account) });
        Delivery = await MadeAsync(owner, $"/meta/webhooks/{Ids[Thing.Webhook]}/test", null, "delivery_id", "event_id", "id");
        await MadeAsync(admin, $"/meta/accounts/{account}/reports", new JsonObject { ["name"] = Mark, ["level"] = "campaign" }, "name");
        (Ids[Thing.Campaign], Ids[Thing.AdSet], Ids[Thing.Ad]) = ($"{Mark} 1", $"{Mark}-set", $"{Mark}-ad");
        foreach (var thing in (Thing[])[Thing.Edit, Thing.Approval, Thing.Alert]) Ids[thing] = $"{Guid.CreateVersion7()}";
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        Proposal = $"{Guid.CreateVersion7()}";
        await connection.ExecuteAsync("""
            INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
            SELECT request_id, 'adset', id, @mark || '-set', @mark, 'LINK_CLICKS', 'IMPRESSIONS', 1000, 'USD', '{"geo_locations":{"countries":["US"]}}', 'ACTIVE', now() FROM meta_campaigns WHERE meta_id = @campaign;
            INSERT INTO meta_creatives (request_id, step, social_account_id, clip_id, meta_id, name, title, landing_url, created_at)
            SELECT request_id, 'creative', social_account_id, @clip, @mark || '-creative', @mark, @mark, 'https://example.com', now() FROM meta_campaigns WHERE meta_id = @campaign;
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at)
            SELECT s.request_id, 'ad', s.id, c.id, @mark || '-ad', @mark, 'ACTIVE', now() FROM meta_adsets s JOIN meta_creatives c USING (request_id) WHERE s.meta_id = @mark || '-set';
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at)
            SELECT @edit, social_account_id, request_id, 'campaign', meta_id, 'publish', '{}', @mark, 'waiting', now(), now() + interval '1 day' FROM meta_campaigns WHERE meta_id = @campaign;
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT @approval, @edit, request_id, social_account_id, 'asked', @mark, now(), now() + interval '7 days', '{"kind":"publish","objects":{}}', 'x', 1 FROM meta_campaigns WHERE meta_id = @campaign;
            INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, social_account_id, opened_at, messages) VALUES (@alert, @rule, @mark, 'spend', 'account', 'info', @account, now(), 0);
            INSERT INTO alert_members (episode_id, social_account_id, object, name, fired_at, has_data, times) VALUES (@alert, @account, @account::text, @mark, now(), true, 1);
            INSERT INTO meta_changes (social_account_id, request_id, asked_by, method, path, sent, sent_at, outcome) VALUES (@account, @run, @mark, 'POST', @mark, '{}', now(), 'done');
            INSERT INTO budget_proposals (id, pool_id, day, basis, made_at, state, why, evidence_hash, total_now_cents, total_cents, predicted_now, predicted, gain_percent, gain_in_the_end)
            VALUES (@proposal, @pool, current_date, current_date, now(), 'asked', '{}', @mark, 1, 1, 1, 1, 1, 1);
            """, new
        {
            mark = Mark, campaign = Ids[Thing.Campaign], clip = Guid.Parse(Ids[Thing.Clip]), edit = Guid.Parse(Ids[Thing.Edit]), approval = Guid.Parse(Ids[Thing.Approval]), alert = Guid.Parse(Ids[Thing.Alert]),
            rule = Guid.Parse(Ids[Thing.AlertRule]), account = Guid.Parse(account), run = Guid.Parse(Ids[Thing.Run]), proposal = Guid.Parse(Proposal), pool = Guid.Parse(Ids[Thing.BudgetPool]),
        });
        await connection.ExecuteAsync("""
            SELECT ensure_insight_partitions(current_date - 40, current_date);
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw, is_partial, synced_at)
            SELECT social_account_id, date_start, @mark || '-ad', @mark || '-set', @campaign, 1000, 10, 5, 900, 100, 10, 'link_click', 'USD', '{}', false, now() FROM insight_days WHERE social_account_id = @account;
            INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, campaign_meta_id, metric, old_value, new_value, was_partial, changed_at)
            SELECT social_account_id, date_start, 0, @mark || '-ad', '[]', @campaign, 'results', 9, 10, false, now() FROM insight_days WHERE social_account_id = @account;
            UPDATE insight_days SET campaigns = 2, impressions = 2000, clicks = 20, link_clicks = 10, results = 30, result_type = 'link_click', spend = @much, total_spend = @much, account_spend = @much, difference = 5
            WHERE social_account_id = @account AND date_start = current_date - 3;
            UPDATE insight_campaign_days SET spend = @much WHERE social_account_id = @account AND campaign_meta_id = @campaign AND date_start = current_date - 3;
            UPDATE meta_ad_insights SET spend = @much WHERE social_account_id = @account AND date_start = current_date - 3
            """, new { mark = Mark, campaign = Ids[Thing.Campaign], account = Guid.Parse(account), much = 7_654_321_980_000m });
    }

    private static async Task<string> MadeAsync(ApiClient client, string url, JsonNode? body, params string[] names)
    {
        var answer = await client.PostAsync(url, body);
        Assert.That(answer.Code, Is.InRange(200, 202), $"{url}: {answer.Text}");
        foreach (var name in names.DefaultIfEmpty("id"))
            if (answer.Json[name] is { } value) return value.ToString();
        throw new AssertionException($"{url}: {answer.Text}");
    }
}
