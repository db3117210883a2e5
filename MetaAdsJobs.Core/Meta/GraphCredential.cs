namespace MetaAdsJobs.Core.Meta;

/// <summary>In whose name a call is made. Not a record: printing one must never print the token.</summary>
internal sealed class GraphCredential(string adAccountId, string accessToken)
{
    /// <summary>act_ and digits.</summary>
    public string AdAccountId { get; } = adAccountId;
    public string AccessToken { get; } = accessToken;

    /// <summary>Every change made with this credential, for the audit.</summary>
    public MetaChanges Changes { get; } = new();

    public override string ToString() => AdAccountId;
}
