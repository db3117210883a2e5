namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Meta's numbers.</summary>
internal sealed class SimNumbers(History history)
{
    public int Asked { get; private set; }

    public GraphAnswer Handle(GraphCall call)
    {
        Asked++;
        return GraphAnswer.Ok("""{"data":[]}""");
    }

    public GraphAnswer? FindRun(GraphCall call) => history.World.Objects.Count < 0 ? GraphAnswer.Ok(call.Path) : null;
}
