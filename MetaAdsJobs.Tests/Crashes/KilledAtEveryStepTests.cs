using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture]
public sealed class KilledAtEveryStepTests
{
    private static readonly string[] Edges = ["campaigns", "adsets", "adcreatives", "ads"];

    [Test]
    public async Task A_worker_killed_before_or_after_any_create_leaves_one_object_of_each_kind()
    {
        await using var service = await Service.StartAsync(workers: 1);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var cases = Edges.SelectMany(edge => (string[])[$"{edge} before", $"{edge} after"]).ToList();
        foreach (var name in cases)
        {
            var (edge, acts) = (name.Split(' ')[0], name.EndsWith("after", StringComparison.Ordinal));
            service.Graph.Faults.Add(call => call.IsCreateOf(edge) && call["name"]!.StartsWith(name, StringComparison.Ordinal), Kill(service, acts));
        }

        var ids = await Task.WhenAll(cases.Select(name => client.AcceptAsync(Named(request, name))));
        foreach (var id in ids)
        {
            var run = await client.UntilAsync(id, seconds: 120);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        Assert.That(service.Graph.Faults.Left, Is.Zero, "not every kill happened");
        await service.GraphDatabase.DataSource.AssertEachAsync(cases.Count);
        await service.Database.DataSource.AssertEntityRowsAsync(cases.Count);
    }

    [Test]
    public async Task A_worker_killed_before_or_after_any_deletion_leaves_nothing()
    {
        await using var service = await Service.StartAsync(workers: 1);
        using var client = service.Client();
        // Built whole, and then the last transaction fails for good: all four have to be deleted.
        await using (var refuse = service.Database.DataSource.CreateCommand("ALTER TABLE meta_ads ADD CONSTRAINT none CHECK (false) NOT VALID"))
            await refuse.ExecuteNonQueryAsync();
        foreach (var kind in (string[])["META_AD_", "META_CREATIVE_", "META_ADSET_", "META_CAMPAIGN_"])
        {
            service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith(kind, StringComparison.Ordinal), Kill(service, acts: false));
            service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith(kind, StringComparison.Ordinal), Kill(service, acts: true));
        }

        var run = await client.UntilAsync(await client.AcceptAsync(await client.NewRequestAsync()), seconds: 150);

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That(run["steps"]!.AsArray().Where(step => (string?)step!["step"] != "media").Select(step => (string?)step!["state"]), Is.All.EqualTo("deleted"));
        Assert.That(service.Graph.Faults.Left, Is.Zero, "not every kill happened");
        await service.GraphDatabase.DataSource.AssertEachAsync(0);
        await service.Database.DataSource.AssertEntityRowsAsync(0);
    }

    private static GraphFault Kill(Service service, bool acts) => async (_, _, act) =>
    {
        if (acts) await act();
        await service.KillAndReplaceWorkerAsync(0);
        return null;
    };

    private static JsonObject Named(JsonObject request, string name)
    {
        var named = request.DeepClone().AsObject();
        named["campaign_name"] = name;
        return named;
    }
}
