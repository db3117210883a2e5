using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Publishers;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>A form that was opened before somebody else changed the same gives nothing back unseen, and what was typed stands in it still.</summary>
[TestFixture]
public sealed class SeenFormTests : SharedPagesTests
{
    private const string Typed = "Typed meanwhile";

    [Test]
    public async Task A_template_that_asks_now_and_has_a_lower_cap_goes_on_doing_so()
    {
        var (publisher, account) = (await PublisherAsync(), await _admin.AddAccountAsync());
        var (url, page) = ($"/meta/publishers/{publisher}/templates/{account}", $"/console/publishers/{publisher}/templates/{account}");
        await PutAsync(ClipWorld.Template());
        var request = ClipWorld.Template(one => one["creative_description"] = Typed)["request"]!.ToJsonString();
        var careful = ClipWorld.Template();
        (careful["approval"], careful["daily_cap_cents"]) = (true, 1000);
        await AssertHeldAsync(page, "template", () => PutAsync(careful), [("request", request)]);
        var now = (await _admin.GetAsync(url)).Json;
        Assert.That(((bool?)now["approval"], (long?)now["daily_cap_cents"]), Is.EqualTo((true, 1000L)));
        Assert.That((int)(await _admin.SendFormAsync(page, ("request", request))).Code, Is.EqualTo(302), "as it is now");
        Assert.That((await _admin.GetAsync(url)).Text, Does.Contain(Typed));

        async Task PutAsync(JsonObject template)
        {
            var put = await _admin.SendAsync(HttpMethod.Put, url, template.ToJsonString());
            Assert.That(put.Code, Is.EqualTo(200), put.Text);
        }
    }

    [Test]
    public async Task A_template_that_somebody_else_has_made_meanwhile_is_not_written_over()
    {
        var (publisher, account) = (await PublisherAsync(), await _admin.AddAccountAsync());
        var page = $"/console/publishers/{publisher}/templates/{account}";
        var put = await _admin.SendAsync(HttpMethod.Put, $"/meta/publishers/{publisher}/templates/{account}", ClipWorld.Template().ToJsonString());
        Assert.That(put.Code, Is.EqualTo(200), put.Text);
        var outdated = await _admin.SendFormAsync(page, ("request", ClipWorld.Template()["request"]!.ToJsonString()), ("seen", ""));
        Assert.That(((int)outdated.Code, outdated.Text.Contains("Somebody has changed this template", StringComparison.Ordinal)), Is.EqualTo((422, true)), outdated.Text);
    }

    [Test]
    public async Task A_rule_goes_on_firing_where_it_does_now()
    {
        var rule = await MadeAsync("/meta/alerts/rules", new JsonObject { ["name"] = "Seen", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5 });
        (string, string)[] fields = [("name", Typed), ("when", "above"), ("threshold", "5"), ("window_days", "1"), ("evaluations", "1"), ("cooldown_minutes", "60")];
        await AssertHeldAsync($"/console/alerts/rules/{rule}/edit", "rule", () => _admin.PatchAsync($"/meta/alerts/rules/{rule}", new JsonObject { ["threshold"] = 2 }), fields);
        Assert.That((decimal?)(await _admin.GetAsync($"/meta/alerts/rules/{rule}")).Json["rule"]!["threshold"], Is.EqualTo(2m));
        Assert.That((int)(await _admin.SendFormAsync($"/console/alerts/rules/{rule}/edit", fields)).Code, Is.EqualTo(302), "as it is now");
    }

    [Test]
    public async Task A_webhook_goes_on_hearing_of_what_it_does_now()
    {
        var hook = await MadeAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook" });
        await AssertHeldAsync($"/console/webhooks/{hook}/edit", "webhook", () => _admin.PatchAsync($"/meta/webhooks/{hook}", new JsonObject { ["event_types"] = new JsonArray("orchestration.failed") }), [("description", Typed)]);
        Assert.That((await _admin.GetAsync($"/meta/webhooks/{hook}")).Json["event_types"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That((int)(await _admin.SendFormAsync($"/console/webhooks/{hook}/edit", ("description", Typed))).Code, Is.EqualTo(302), "as it is now");
    }

    [Test]
    public async Task A_publisher_goes_on_with_the_runs_that_it_has_now()
    {
        var publisher = await PublisherAsync();
        (string, string)[] fields = [("description", Typed), ("runs_per_day", "100")];
        await AssertHeldAsync($"/console/publishers/{publisher}/edit", "publisher", () => _admin.PatchAsync($"/meta/publishers/{publisher}", new JsonObject { ["runs_per_day"] = 1 }), fields);
        Assert.That((int?)(await _admin.GetAsync($"/meta/publishers/{publisher}")).Json["runs_per_day"], Is.EqualTo(1));
        Assert.That((int)(await _admin.SendFormAsync($"/console/publishers/{publisher}/edit", fields)).Code, Is.EqualTo(302), "as it is now");
    }

    private async Task AssertHeldAsync(string page, string what, Func<Task> change, (string Name, string Value)[] fields)
    {
        var seen = await _admin.HiddenAsync(page, "seen");
        await change();
        foreach (var stale in (string[])[seen, ""])
        {
            var outdated = await _admin.SendFormAsync(page, [.. fields, ("seen", stale)]);
            Assert.That((int)outdated.Code, Is.EqualTo(422), outdated.Text);
            Assert.That(outdated.Text, Does.Contain($"Somebody has changed this {what} since you opened it.").And.Contain(Typed));
        }
    }

    private Task<string> PublisherAsync() => MadeAsync("/meta/publishers", new JsonObject { ["name"] = $"p{Guid.NewGuid():N}"[..20] });

    private async Task<string> MadeAsync(string url, JsonObject body)
    {
        var made = await _admin.PostAsync(url, body);
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
        return (string)made.Json["id"]!;
    }
}
