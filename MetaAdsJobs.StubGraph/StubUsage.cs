using System.Security.Cryptography;

namespace MetaAdsJobs.StubGraph;

/// <summary>The headers by which Meta tells how much of each quota is used, in percent; here always little.</summary>
internal static class StubUsage
{
    // Meta counts per business where a call names no ad account.
    private const string BusinessId = "1000000000000003";

    public static IReadOnlyDictionary<string, string> Headers(string? accountId, bool isInsights)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["X-App-Usage"] = """{"call_count":2,"total_cputime":1,"total_time":1}""",
            ["X-Ad-Account-Usage"] =
                """{"acc_id_util_pct":1.5,"reset_time_duration":0,"ads_api_access_tier":"standard_access"}""",
            ["X-Business-Use-Case-Usage"] = $$"""
                {"{{accountId ?? BusinessId}}":[{"type":"{{(isInsights ? "ads_insights" : "ads_management")}}","call_count":3,"total_cputime":1,"total_time":2,"estimated_time_to_regain_access":0,"ads_api_access_tier":"standard_access"}]}
                """,
            ["x-fb-trace-id"] = RandomNumberGenerator.GetHexString(11),
        };
        if (isInsights)
        {
            headers["X-FB-Ads-Insights-Throttle"] =
                """{"app_id_util_pct":1,"acc_id_util_pct":2,"ads_api_access_tier":"standard_access"}""";
        }

        return headers;
    }
}
