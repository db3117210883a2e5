namespace MetaAdsJobs.Tests.Simulation;

/// <summary>The filters are only asked while somebody listens to Npgsql's traces.</summary>
internal sealed class StatementListener
{
    public StatementListener() => System.Diagnostics.ActivitySource.AddActivityListener(new()
    {
        ShouldListenTo = source => source.Name == "Npgsql",
        Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.None,
    });
}

/// <summary>Steps that are under way together, and deliveries, are told apart by their spans.</summary>
internal sealed class PartListener : IDisposable
{
    private const string Part = "part";
    private static readonly Lock Counting = new();
    private static System.Diagnostics.ActivityListener? s_listener;
    private static int s_databases;

    public PartListener()
    {
        lock (Counting)
        {
            if (s_databases++ == 0) System.Diagnostics.ActivitySource.AddActivityListener(s_listener = Create());
        }
    }

    // Others test what there is when nobody listens.
    public void Dispose()
    {
        lock (Counting)
        {
            if (--s_databases == 0) s_listener!.Dispose();
        }
    }

    private static bool IsPart(string span) => span == "deliver event" || span.StartsWith("step ", StringComparison.Ordinal);

    private static System.Diagnostics.ActivityListener Create() => new()
    {
        ShouldListenTo = source => source.Name == Core.Telemetry.Signals.Name,
        Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> span) =>
            Clockwork.Mine.Value is not null && IsPart(span.Name) ? System.Diagnostics.ActivitySamplingResult.PropagationData : System.Diagnostics.ActivitySamplingResult.None,
        ActivityStarted = span =>
        {
            if (Clockwork.Mine.Value is not { } whole || !IsPart(span.OperationName)) return;
            var part = whole.Process.Clockwork.Begins(whole);
            span.SetCustomProperty(Part, part);
            Clockwork.Mine.Value = part;
        },
        ActivityStopped = span =>
        {
            if (span.GetCustomProperty(Part) is Activity part) part.Process.Clockwork.Ends(part);
        },
    };
}
