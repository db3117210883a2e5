namespace MetaAdsJobs.Core.Orchestrations.Judging;

/// <summary>What Meta said of one part of a request that is only to be judged.</summary>
/// <param name="Object">account, campaign, adset, creative or ad.</param>
/// <param name="Checked">False when Meta could not be asked; <paramref name="Error"/> says why.</param>
/// <param name="Ok">Null when it was not checked.</param>
/// <param name="Error">Meta's words when it refuses.</param>
public sealed record ValidationFinding(string Object, bool Checked, bool? Ok, string? Error)
{
    internal static ValidationFinding Fine(string what) => new(what, true, true, null);

    internal static ValidationFinding Refused(string what, string error) => new(what, true, false, error);

    internal static ValidationFinding NotChecked(string what, string why) => new(what, false, null, $"not checked: {why}");
}
