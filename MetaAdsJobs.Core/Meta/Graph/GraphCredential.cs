namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>In whose name a call is made, and how it is paced. Not a record: printing one must never print the token.</summary>
internal sealed class GraphCredential(string adAccountId, string accessToken)
{
    /// <summary>act_ and digits.</summary>
    public string AdAccountId { get; } = adAccountId;
    public string AccessToken { get; } = accessToken;

    /// <summary>The token as it is stored, closed: by it a refusal names the token that it is about.</summary>
    public string StoredAs { get; init; } = "";

    /// <summary>Every change made with this credential, for the audit.</summary>
    public MetaChanges Changes { get; init; } = new();

    /// <summary>Which of the account's limits the calls count for.</summary>
    public UseCase UseCase { get; private set; }

    /// <summary>True for what stops spending: no usage of Meta's limits keeps it out.</summary>
    public bool IsUrgent { get; private set; }

    /// <summary>Of what is urgent: the account's whole rate is its own, since one process at a time is at it, a stop's; else its process's share is.</summary>
    public bool HasWholeRate { get; private set; }

    /// <summary>False for what has a permit that a stop waits for: it ends the sooner when it is let through.</summary>
    public bool YieldsToStops { get; private set; } = true;

    /// <summary>How long a call waits for its turn before it is given back as throttled; a run can wait better than a call.</summary>
    public TimeSpan Patience { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>The last word before a call that changes something is sent, after any waiting for its turn; may throw to forbid it.</summary>
    public Action? BeforeSending { get; set; }

    public GraphCredential For(UseCase useCase) => With(copy => copy.UseCase = useCase);

    /// <summary>For a stop, and a start that leaves something paused.</summary>
    public GraphCredential Urgent() => With(copy => copy.IsUrgent = copy.HasWholeRate = true);

    /// <summary>For pauses that several processes may be at together.</summary>
    public GraphCredential UrgentInShare() => With(copy => copy.IsUrgent = true);

    /// <summary>For what ends spending, and for what a stop waits for.</summary>
    public GraphCredential Unyielding() => With(copy => copy.YieldsToStops = false);

    /// <param name="stillPermitted">Asked right before each call is sent, each repeat of it included; throws when the permit is over.</param>
    public GraphCredential Permitted(Action stillPermitted) => With(copy =>
    {
        copy.YieldsToStops = false;
        copy.BeforeSending = BeforeSending + stillPermitted;
    });

    /// <summary>So long a call waits for its turn at the most.</summary>
    public static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(30);

    /// <summary>For a call in the middle of what would have to start over if it were given back: where calls are spaced by more than one waits, the first would be all that is ever made.</summary>
    public GraphCredential Patient() => With(copy => copy.Patience = MostPatience);

    private GraphCredential With(Action<GraphCredential> change)
    {
        var copy = (GraphCredential)MemberwiseClone();
        change(copy);
        return copy;
    }

    public override string ToString() => AdAccountId;
}
