using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture, Long]
public sealed class KilledAtEveryDeletionTests
{
    [Test]
    public async Task A_worker_killed_before_or_after_any_deletion_leaves_nothing()
    {
        await using var service = await Service.StartProcessesAsync(workers: 1);
        using var client = service.Client();
        // Built whole, and then the last transaction fails for good: all four have to be deleted.
        await using (var refuse = service.Database.DataSource.CreateCommand("ALTER TABLE meta_ads ADD CONSTRAINT none CHECK (false) NOT VALID"))
            await refuse.ExecuteNonQueryAsync();
        foreach (var kind in (string[])["META_AD_", "META_CREATIVE_", "META_ADSET_", "META_CAMPAIGN_"])
        {
            service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith(kind, StringComparison.Ordinal), Kill(service, acts: false));
            service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith(kind, StringComparison.Ordinal), Kill(service, acts: true));
        }

        var run = await client.UntilAsync(await client.AcceptAsync(await client.NewRequestAsync()));

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
}
