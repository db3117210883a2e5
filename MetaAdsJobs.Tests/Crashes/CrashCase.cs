using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>What becomes of the worker while the answer to a create goes wrong.</summary>
public enum Fate
{
    Lives,
    Killed,
    DatabaseGone,
}

/// <summary>One cell of the crash matrix: a create, what happens to its answer, what happens to the worker, and how the request is to end.</summary>
public sealed record CrashCase(string Edge, string FaultName, GraphFault Fault, Fate Fate, bool IsUndone)
{
    public static readonly string[] Edges = ["campaigns", "adsets", "advideos", "adimages", "adcreatives", "ads"];

    // Longer than the call time-out of Support/Service: the client gives up, and Meta acts all the same.
    private static readonly TimeSpan TooSlow = TimeSpan.FromSeconds(4);

    public static readonly (string Name, GraphFault Fault)[] Faults =
    [
        ("dropped before", GraphFaults.DropBeforeActing), ("dropped after", GraphFaults.DropAfterActing), ("cut mid-body", GraphFaults.DropMidBody),
        ("500 before", GraphFaults.FailBeforeActing), ("500 after", GraphFaults.FailAfterActing), ("200 with error", GraphFaults.OkWithError),
        ("HTML", GraphFaults.HtmlAfterActing), ("truncated", GraphFaults.TruncatedJson), ("without id", GraphFaults.WithoutId), ("20 MB", GraphFaults.TwentyMegabytes),
        ("slow before", GraphFaults.SlowBeforeActing(TooSlow)), ("slow after", GraphFaults.SlowAfterActing(TooSlow)),
        ("found late", GraphFaults.HiddenFromSearch(TimeSpan.FromSeconds(2)).Then(GraphFaults.DropAfterActing)),
        ("throttled", GraphFaults.ThrottledFor(TimeSpan.FromSeconds(2))),
    ];

    /// <summary>Every create under every fault; built and undone both where the worker lives, in turn where it does not.</summary>
    public static IEnumerable<CrashCase> All(Fate fate) =>
        from edge in Edges.Index() from fault in Faults.Index() from undone in (bool[])[false, true]
        where fate == Fate.Lives || (edge.Index + fault.Index) % 2 == 0 == undone
        select new CrashCase(edge.Item, fault.Item.Name, fault.Item.Fault, fate, undone);

    /// <summary>The campaign's name; its objects' names begin with it.</summary>
    public string Name => $"{Edge}, {FaultName}, {Fate}, {(IsUndone ? "undone" : "built")};";

    /// <summary>An account of its own: a throttle, and a clip's media, are shared by all requests of one.</summary>
    public string AdAccountId { get; } = $"act_{Random.Shared.NextInt64(1_000_000_000_000, 9_999_999_999_999)}";

    public bool Is(RecordedCall call) => call.Method == "POST" && call.Path == $"{AdAccountId}/{Edge}";

    public JsonObject Clip(string imageUrl) => Edge == "adimages"
        ? new() { ["title"] = Name, ["image_url"] = imageUrl }
        : new() { ["title"] = Name, ["video_url"] = "https://cdn.example.com/clip.mp4" };

    public JsonObject Request(JsonObject sample, string accountId, string clipId)
    {
        var request = sample.DeepClone().AsObject();
        (request["social_account_id"], request["clip_id"], request["campaign_name"], request["auto_publish"]) = (accountId, clipId, Name, true);
        return request;
    }
}
