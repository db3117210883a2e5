using MetaAdsJobs.StubGraph;

namespace MetaAdsJobs.Tests.Support;

/// <summary>One request as it reached the Graph server, whatever was then done with it. The token itself is not kept.</summary>
public sealed record RecordedCall(string Method, string Path, IReadOnlyDictionary<string, string> Parameters, DateTimeOffset At)
{
    public bool HasAuthorization { get; init; }

    public bool HasTokenInUrl { get; init; }

    /// <summary>What came as files with it.</summary>
    public IReadOnlyList<StubFile> Files { get; init; } = [];

    /// <summary>The last part of the path: campaigns, adsets, insights … or the id when there is no edge.</summary>
    public string Edge => Path[(Path.LastIndexOf('/') + 1)..];

    public string? this[string parameter] => Parameters.GetValueOrDefault(parameter);

    /// <summary>A POST that makes an object under an account, and another one when it is repeated; so none of those that send a file in parts.</summary>
    public bool IsCreate => IsPostTo("campaigns", "adsets", "adcreatives", "ads", "advideos") && !IsOnlyChecking && this["upload_phase"] is null;

    /// <summary>Meta judges it and makes nothing.</summary>
    public bool IsOnlyChecking => this["execution_options"] == """["validate_only"]""";

    public bool IsCreateOf(string edge) => IsCreate && Edge == edge;

    public override string ToString() => $"{Method} {Path}";

    internal static RecordedCall Of(StubCall call, bool hasAuthorization, bool hasTokenInUrl, DateTimeOffset at) =>
        new(call.Method, call.Path, call.Parameters, at) { HasAuthorization = hasAuthorization, HasTokenInUrl = hasTokenInUrl, Files = call.Files };

    private bool IsPostTo(params ReadOnlySpan<string> edges) => Method == "POST" && Path.Contains('/') && edges.Contains(Edge);
}
