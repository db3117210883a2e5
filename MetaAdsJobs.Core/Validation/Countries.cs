using System.Text.Json;

namespace MetaAdsJobs.Core.Validation;

/// <summary>ISO 3166-1 alpha-2, the codes Meta's country targeting takes.</summary>
public static class Countries
{
    private const string Codes =
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM " +
        "CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY " +
        "HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF " +
        "MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE " +
        "RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ " +
        "VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

    private static readonly HashSet<string> Known = [.. Codes.Split(' ')];

    public static bool IsCode(string code) => Known.Contains(code);

    /// <summary>Reads one item of a list of countries.</summary>
    public static string? CountryOf(this JsonFields fields, JsonElement item, string path)
    {
        var code = fields.TextOf(item, path, max: 100);
        if (code is null || IsCode(code)) return code;
        fields.Errors.Add(path, "must be a country's two-letter code such as US");
        return null;
    }
}
