using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Campaigns;

[TestFixture]
public sealed class CampaignTests
{
    [Test]
    public async Task A_campaign_is_published_its_budget_raised_and_it_is_deleted_over_HTTP()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client("manager");
        using var admin = service.Client();
        var run = await admin.UntilAsync(await admin.AcceptAsync(await admin.NewRequestAsync()), "succeeded");
        var (campaign, adSet, ad) = ((string)run["campaign_creation"]!["campaign_meta_id"]!, (string)run["campaign_creation"]!["adset_meta_id"]!, (string)run["campaign_creation"]!["ad_meta_id"]!);

        var accepted = await client.PostAsync($"/meta/campaigns/{campaign}/publish");
        Assert.That((accepted.Code, (string?)accepted.Json["status"], accepted.Header("Location")), Is.EqualTo((202, "queued", (string?)accepted.Json["status_url"])));
        var raised = await client.PatchAsync($"/meta/adsets/{adSet}", new JsonObject { ["daily_budget_cents"] = 12000, ["if_budget_is"] = 10000 });
        Assert.That(raised.Code, Is.EqualTo(202), raised.Text);
        var edit = await UntilEndedAsync(service, client, raised);
        Assert.That(((string?)edit["status"], (string?)edit["level"], (string?)edit["meta_id"], (string?)edit["campaign_id"], (long?)edit["fields"]!["daily_budget_cents"], (long?)edit["found"]!["daily_budget_cents"]),
            Is.EqualTo(("succeeded", "adset", adSet, campaign, 12000L, 10000L)));

        var shown = (await client.GetAsync($"/meta/campaigns/{campaign}")).Json;
        Assert.That(((string?)shown["campaign"]!["status"], (string?)shown["campaign"]!["spending"], (long?)shown["campaign"]!["daily_cents"]), Is.EqualTo(("ACTIVE", "active", 12000L)));
        Assert.That(((long?)shown["ad_sets"]![0]!["ad_set"]!["daily_budget_cents"], (string?)shown["ad_sets"]![0]!["ads"]![0]!["meta_id"]), Is.EqualTo((12000L, ad)));
        var edits = (await client.GetAsync($"/meta/edits?campaign_id={campaign}&limit=1")).Json;
        Assert.That(((string?)edits["items"]![0]!["kind"], edits["next_cursor"] is null), Is.EqualTo(("update", false)));
        Assert.That((string?)(await client.GetAsync($"/meta/edits?campaign_id={campaign}&cursor={(string?)edits["next_cursor"]}")).Json["items"]![0]!["kind"], Is.EqualTo("publish"));

        var content = new JsonObject { ["clip_id"] = (string)run["clip_id"]!, ["creative_title"] = "Quiet Product", ["landing_url"] = "https://example.com/quiet" };
        edit = await UntilEndedAsync(service, client, await client.PatchAsync($"/meta/ads/{ad}", new JsonObject { ["creative"] = content.DeepClone() }));
        Assert.That(((string?)edit["status"], JsonNode.DeepEquals(edit["fields"]!["creative"], content), (string?)edit["found"]!["creative_id"]), Is.EqualTo(("succeeded", true, (string?)run["campaign_creation"]!["creative_meta_id"])), $"{edit}");
        edit = await UntilEndedAsync(service, client, await client.PatchAsync($"/meta/adsets/{adSet}", new JsonObject { ["targeting"] = new JsonObject { ["age_min"] = 30 } }));
        Assert.That(((string?)edit["status"], (int?)edit["fields"]!["targeting"]!["age_min"], (int?)edit["found"]!["targeting"]!["age_min"]), Is.EqualTo(("succeeded", 30, 18)));
        var wrong = await client.PatchAsync($"/meta/ads/{ad}", new JsonObject { ["creative"] = new JsonObject { ["cards"] = new JsonArray() }, ["targeting"] = new JsonObject() });
        wrong.AssertProblem(422);
        Assert.That(wrong.Json["errors"]!.AsObject().Select(error => error.Key), Is.EquivalentTo(["targeting", "creative.cards", "creative.landing_url"]));

        var deleted = await client.PostAsync($"/meta/campaigns/{campaign}/delete");
        Assert.That((string?)(await UntilEndedAsync(service, client, deleted))["status"], Is.EqualTo("succeeded"));
        (await client.PostAsync($"/meta/ads/{ad}/resume")).AssertProblem(409);
        Assert.That((await client.GetAsync($"/meta/campaigns?status=deleted&search={campaign}")).Json["items"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_is_unknown_not_allowed_or_wrong_is_refused()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        using var viewer = service.Client("viewer");
        var run = await client.UntilAsync(await client.AcceptAsync(await client.NewRequestAsync()), "succeeded");
        var campaign = (string)run["campaign_creation"]!["campaign_meta_id"]!;

        (await client.PostAsync("/meta/campaigns/123/publish")).AssertProblem(404);
        (await client.PostAsync($"/meta/ads/{campaign}/publish")).AssertProblem(404);
        (await viewer.PostAsync($"/meta/campaigns/{campaign}/pause")).AssertProblem(403);
        (await client.GetAsync("/meta/campaigns/123")).AssertProblem(404);
        (await client.GetAsync($"/meta/edits/{Guid.NewGuid()}")).AssertProblem(404);
        (await client.GetAsync("/meta/campaigns?status=asleep")).AssertProblem(422);
        var wrong = await client.PatchAsync($"/meta/campaigns/{campaign}", new JsonObject { ["daily_budget_cents"] = 12000, ["size"] = 1 });
        wrong.AssertProblem(422);
        Assert.That(wrong.Json["errors"]!.AsObject().Select(error => error.Key), Is.EquivalentTo(["daily_budget_cents", "size"]));
        Assert.That((await viewer.GetAsync($"/meta/edits?campaign_id={campaign}")).Json["items"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task An_ad_set_is_added_and_a_campaign_made_in_Ads_Manager_adopted_over_HTTP()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        using var viewer = service.Client("viewer");
        var request = await client.NewRequestAsync();
        var run = await client.UntilAsync(await client.AcceptAsync(request), "succeeded");
        var (account, campaign) = ((string)request["social_account_id"]!, (string)run["campaign_creation"]!["campaign_meta_id"]!);
        foreach (var name in (string[])["campaign_name", "campaign_objective"]) request.Remove(name);
        (request["campaign_id"], request["auto_publish"]) = (campaign, true);

        var added = await client.UntilAsync(await client.AcceptAsync(request), "succeeded");

        Assert.That(((string?)added["into"]!["campaign_id"], (string?)added["into"]!["note"]), Is.EqualTo((campaign, "the campaign is paused: what was added is shown once that is published")));
        var edit = $"/meta/edits/{(string?)added["into"]!["edits"]![0]}";
        await Eventually.TrueAsync(async () => (string?)(await client.GetAsync(edit)).Json["status"] == "succeeded", service.Progress, service.Logs);
        var shown = (await client.GetAsync($"/meta/campaigns/{campaign}")).Json;
        Assert.That(shown["ad_sets"]!.AsArray().Select(set => (string?)set!["ad_set"]!["status"]), Is.EqualTo(["PAUSED", "ACTIVE"]));
        Assert.That(run["into"], Is.Null);

        var adopt = $"/meta/accounts/{account}/campaigns/{campaign}/adopt";
        var known = await client.PostAsync(adopt);
        Assert.That((known.Code, (bool?)known.Json["is_new"], (int?)known.Json["ad_sets"]), Is.EqualTo((200, false, 0)), known.Text);
        var byHand = $"META_CAMPAIGN_{Guid.NewGuid():N}"[..26];
        await using (var connection = await service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
                SELECT @byHand, kind, account_id, 'By hand', 'PAUSED', fields, now(), now(), now() FROM stub_graph.objects WHERE id = @campaign
                """, new { byHand, campaign });
        var taken = await client.PostAsync($"/meta/accounts/{account}/campaigns/{byHand}/adopt");
        Assert.That((taken.Code, taken.Header("Location"), (bool?)taken.Json["is_new"]), Is.EqualTo((201, $"/meta/campaigns/{byHand}", true)), taken.Text);
        Assert.That((string?)(await viewer.GetAsync($"/meta/campaigns/{byHand}")).Json["campaign"]!["name"], Is.EqualTo("By hand"));
        (await viewer.PostAsync(adopt)).AssertProblem(403);
        (await client.PostAsync($"/meta/accounts/{account}/campaigns/META_CAMPAIGN_0/adopt")).AssertProblem(404);
        (await client.PostAsync($"/meta/accounts/{Guid.NewGuid()}/campaigns/{campaign}/adopt")).AssertProblem(404);
    }

    [Test]
    public async Task An_edit_that_waits_is_taken_back_once()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        var run = await client.UntilAsync(await client.AcceptAsync(await client.NewRequestAsync(account => account["daily_cap_cents"] = 9000)), "succeeded");
        var asked = await client.PostAsync($"/meta/campaigns/{(string?)run["campaign_creation"]!["campaign_meta_id"]}/publish");
        await Eventually.TrueAsync(async () => (string?)(await client.GetAsync((string)asked.Json["status_url"]!)).Json["status"] == "waiting", service.Progress, service.Logs);

        var cancelled = await client.PostAsync($"{(string?)asked.Json["status_url"]}/cancel");
        Assert.That((cancelled.Code, (string?)cancelled.Json["status"], (string?)cancelled.Json["error"]), Is.EqualTo((200, "cancelled", "cancelled by admin@tests")));
        (await client.PostAsync($"{(string?)asked.Json["status_url"]}/cancel")).AssertProblem(409);
    }

    private static async Task<JsonObject> UntilEndedAsync(Service service, ApiClient client, ApiAnswer accepted)
    {
        var edit = new JsonObject();
        await Eventually.TrueAsync(async () => (string?)(edit = (await client.GetAsync((string)accepted.Json["status_url"]!)).Json.AsObject())["status"] is "succeeded" or "failed" or "cancelled", service.Progress, service.Logs);
        return edit;
    }
}
