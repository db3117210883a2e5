using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>Who is on whose behalf and who pays: the EU's Digital Services Act has both declared for ads shown there.</summary>
internal sealed record DsaDeclaration(string Beneficiary, string Payor);

/// <summary>Whether an ad set may be shown in the EU, the EEA or their outermost regions.</summary>
internal static class EuReach
{
    private static readonly FrozenSet<string> Countries = FrozenSet.Create(
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO",
        "SE", "SI", "SK", "IS", "LI", "NO", "AX", "BL", "GF", "GP", "MF", "MQ", "PM", "RE", "SJ", "YT");

    private static readonly string[] Countryless = ["regions", "cities", "zips", "custom_locations"];

    /// <summary>A region, city, zip or point tells no country: it may be there.</summary>
    public static bool IsPossible(JsonObject targeting) => targeting["geo_locations"] is not JsonObject places
        || places["countries"] is JsonArray countries && countries.Any(country => Countries.Contains((string)country!))
        || Countryless.Any(name => places[name] is JsonArray { Count: > 0 });
}
