using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>Every create meets every way in which an answer can be lost, all at once, and each still ends as one tree.</summary>
[TestFixture]
public sealed class LostAnswersTests
{
    private static readonly string[] Edges = ["campaigns", "adsets", "adcreatives", "ads"];

    private static readonly (string Name, GraphFault Fault)[] Faults =
    [
        ("dropped before", GraphFaults.DropBeforeActing), ("dropped after", GraphFaults.DropAfterActing), ("cut mid-body", GraphFaults.DropMidBody),
        ("500 before", GraphFaults.FailBeforeActing), ("500 after", GraphFaults.FailAfterActing), ("200 with error", GraphFaults.OkWithError),
        ("HTML", GraphFaults.HtmlAfterActing), ("truncated", GraphFaults.TruncatedJson), ("without id", GraphFaults.WithoutId), ("20 MB", GraphFaults.TwentyMegabytes),
        ("slow before", GraphFaults.SlowBeforeActing(TimeSpan.FromSeconds(4))), ("slow after", GraphFaults.SlowAfterActing(TimeSpan.FromSeconds(4))),
        ("found late", GraphFaults.HiddenFromSearch(TimeSpan.FromSeconds(2)).Then(GraphFaults.DropAfterActing)),
    ];

    [Test]
    public async Task Every_create_whose_answer_is_lost_in_any_way_ends_as_one_object()
    {
        await using var service = await Service.StartAsync(workers: 1, settings: [("WORKER_THREADS", "20")]);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var cases = Edges.SelectMany(edge => Faults.Select(fault => (Name: $"{edge}, {fault.Name}", Edge: edge, fault.Fault))).ToList();
        foreach (var (name, edge, fault) in cases)
            service.Graph.Faults.Add(call => call.IsCreateOf(edge) && call["name"]!.StartsWith(name, StringComparison.Ordinal), fault);

        var ids = await Task.WhenAll(cases.Select(one => client.AcceptAsync(Named(request, one.Name))));
        foreach (var id in ids)
        {
            var run = await client.UntilAsync(id, seconds: 120);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.GraphDatabase.DataSource.AssertEachAsync(cases.Count);
        await service.Database.DataSource.AssertEntityRowsAsync(cases.Count);
        await service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        Assert.That(service.Graph.Faults.Left, Is.Zero, "not every fault happened");
        AssertNoBlindRepeat(service.Graph.Calls);
    }

    /// <summary>Between two POSTs of one name somebody must have looked for it.</summary>
    private static void AssertNoBlindRepeat(IReadOnlyList<RecordedCall> calls)
    {
        var repeated = calls.Where(call => call.IsCreate).GroupBy(call => call["name"]).Where(posts => posts.Count() > 1).ToList();
        Assert.That(repeated, Is.Not.Empty, "nothing was created twice: the faults before acting did not bite");
        foreach (var posts in repeated)
        {
            var marker = posts.Key![(posts.Key!.LastIndexOf('[') + 1)..^1];
            foreach (var (first, second) in posts.Zip(posts.Skip(1)))
            {
                var looks = calls.Where(call => call.Method == "GET" && call.At > first.At && call.At < second.At);
                Assert.That(looks.Any(look => look["filtering"]?.Contains(marker, StringComparison.Ordinal) == true || look.Edge == first.Edge), Is.True,
                    $"{posts.Key} was posted twice without a look in between");
            }
        }
    }

    private static JsonObject Named(JsonObject request, string name)
    {
        var named = request.DeepClone().AsObject();
        named["campaign_name"] = name;
        return named;
    }
}
