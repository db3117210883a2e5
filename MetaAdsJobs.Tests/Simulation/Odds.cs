namespace MetaAdsJobs.Tests.Simulation;

/// <summary>How often things go wrong in one history. Drawn anew for each, so that some are almost quiet and some are storms.</summary>
internal sealed record Odds
{
    public double Fault { get; init; }
    public double Slow { get; init; }
    public double Lag { get; init; }
    public double Death { get; init; }
    public double Stop { get; init; }
    public double Cut { get; init; }

    /// <summary>A worker stands still before something, and mostly beyond its lease.</summary>
    public double Sleep { get; init; }
    public double JobTwice { get; init; }
    public double JobLost { get; init; }

    /// <summary>Faults that are only waited out: limits, tokens; they make histories long.</summary>
    public double Refusal { get; init; }

    /// <summary>Nothing can fail, die, sleep, be cut or be refused; only late or twice.</summary>
    public bool IsQuiet => Fault + Death + Stop + Cut + Sleep + Refusal <= 0;

    public static Odds Draw(Choices choices) => new()
    {
        Fault = choices.OneOf(0.0, 0.03, 0.1, 0.3),
        Slow = choices.OneOf(0.0, 0.05, 0.3),
        Lag = choices.OneOf(0.0, 0.3, 1.0),
        Death = choices.OneOf(0.0, 0.005, 0.02, 0.06),
        Stop = choices.OneOf(0.0, 0.0, 0.01),
        Cut = choices.OneOf(0.0, 0.0, 0.02, 0.06),
        Sleep = choices.OneOf(0.0, 0.0, 0.01, 0.03),
        JobTwice = choices.OneOf(0.0, 0.05, 0.3),
        JobLost = choices.OneOf(0.0, 0.0, 0.05),
        Refusal = choices.OneOf(0.0, 0.02, 0.08),
    };

    /// <summary>When nothing goes wrong any more.</summary>
    public static Odds None { get; } = new();
}
