namespace MetaAdsJobs.Api.Auth;

/// <summary>Names of the API's authorization policies; the console has its own, like the first three, for browsers' sessions too.</summary>
internal static class Policies
{
    public const string Read = "read";
    public const string Operate = "operate";
    public const string Administer = "administer";
    public const string Dashboard = "dashboard";
}
