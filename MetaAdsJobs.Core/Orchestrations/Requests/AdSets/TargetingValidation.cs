using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Validation;
using static MetaAdsJobs.Core.Orchestrations.Requests.AdSets.TargetingItems;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>Reads the targeting of a request into exactly the fields Meta's Targeting object knows, refusing all others by name.</summary>
internal static partial class TargetingValidation
{
    private const int MaxItems = 200;
    private const string Flexible = "flexible_spec";
    private const string Least = "age_min";
    private const string Most = "age_max";

    /// <summary>What a group of a flexible_spec may hold by number.</summary>
    private static readonly string[] Numbers = ["college_years", "education_statuses"];

    public static JsonObject? Read(JsonFields? fields)
    {
        if (fields is null) return null;
        var targeting = new JsonObject();
        Ages(fields, targeting);
        Set(targeting, "genders", Array(fields.List("genders", 2, (item, path) => fields.Number(item, path, 1, 2, "must be 1 (men) or 2 (women)"))));
        Set(targeting, "geo_locations", PlaceValidation.Read(fields.Object("geo_locations"), mustName: true));
        Set(targeting, "excluded_geo_locations", PlaceValidation.Read(fields.Object("excluded_geo_locations"), mustName: false));
        foreach (var name in (string[])["interests", "behaviors", "custom_audiences", "excluded_custom_audiences"])
            Set(targeting, name, Array(fields.List(name, MaxItems, fields.IdAndName)));
        Set(targeting, "locales", Array(fields.List("locales", MaxItems, (item, path) => fields.Number(item, path, 1, int.MaxValue, "must be a locale number of Meta's"))));
        PlacementValidation.Read(fields, targeting);
        Set(targeting, AdSetTargeting.Systems, Array(fields.List(AdSetTargeting.Systems, 10, (item, path) => System(fields, item, path))));
        Set(targeting, Flexible, Array(fields.List(Flexible, 25, (item, path) => Group(fields, item, path))));
        if (targeting.ContainsKey(Flexible))
            foreach (var name in (string[])["interests", "behaviors"])
                if (targeting.ContainsKey(name)) fields.Refuse(name, $"must stand in a group of {Flexible} when there is one");
        // Its own message: the name was Meta's until March 2025 (its code 3858492 since, as client code tells).
        if (fields.Has("exclusions")) fields.Refuse("exclusions", "is gone at Meta: leave people out by excluded_custom_audiences or excluded_geo_locations");
        fields.RefuseUnknown();
        return targeting;
    }

    /// <summary>Of a targeting that Meta keeps what a request may say, too; and the names of what it may not.</summary>
    public static (JsonObject Targeting, IReadOnlyList<string> LeftOut) ReadKept(JsonObject kept)
    {
        var (rest, leftOut) = (kept.DeepClone().AsObject(), new List<string>());
        while (true)
        {
            var errors = new FieldErrors();
            var read = Read(new JsonFields(JsonSerializer.SerializeToElement(rest), errors))!;
            if (!errors.Any) return (read, leftOut);
            foreach (var name in errors.ToDictionary().Keys.Select(path => path.Split('.', '[')[0]).Distinct())
                if (rest.Remove(name)) leftOut.Add(name);
        }
    }

    /// <summary>What only the account can tell.</summary>
    /// <param name="body">Of the request.</param>
    public static void CheckAgainst(SocialAccount account, JsonFields body, FieldErrors errors)
    {
        var fields = body.Object("targeting");
        if (fields is not null) PlacementValidation.CheckAgainst(account, fields, errors);
        if (account.DefaultCountries.Count == 0 && fields?.Has("geo_locations") != true)
            errors.Add("targeting.geo_locations", "is required: the account has no default_countries to fall back on");
    }

    /// <summary>
    /// The ages, and Meta's own widening of the audience (Advantage+ audience): with it age_min is a control of at most 25, age_max is none, and
    /// age_range suggests. Source: Meta, Advantage audience (a copy of September 2026).
    /// </summary>
    private static void Ages(JsonFields fields, JsonObject targeting)
    {
        var (min, max) = (fields.Whole(Least, 13, 65), fields.Whole(Most, 13, 65));
        if (min > max) fields.Refuse(Least, $"must not be greater than {Most}, {max}");
        Set(targeting, Least, min is null ? null : JsonValue.Create(min.Value));
        Set(targeting, Most, max is null ? null : JsonValue.Create(max.Value));
        var automation = fields.Object(AdSetTargeting.Automation);
        var choice = automation?.Whole(AdSetTargeting.Advantage, 0, 1, required: true);
        automation?.RefuseUnknown();
        if (choice is not null) targeting[AdSetTargeting.Automation] = new JsonObject { [AdSetTargeting.Advantage] = choice.Value };
        const string Suggested = "age_range";
        var range = fields.List(Suggested, 2, (item, path) => fields.Number(item, path, 18, 65, "must be an age from 18 to 65"));
        if (range is not null && (range.Count != 2 || (int)range[0] > (int)range[1])) fields.Refuse(Suggested, "must hold two ages, the lower one first");
        Set(targeting, Suggested, Array(range));
        if (choice == 1)
        {
            if (min is < 18 or > 25) fields.Refuse(Least, $"must be from 18 to 25 with {AdSetTargeting.Advantage} 1; {Suggested} suggests others");
            if (max < 65) fields.Refuse(Most, $"must be 65 with {AdSetTargeting.Advantage} 1; {Suggested} suggests others");
        }
        else if (range is not null)
        {
            fields.Refuse(Suggested, $"is only for {AdSetTargeting.Automation} with {AdSetTargeting.Advantage} 1: without it {Least} and {Most} hold");
        }
    }

    // People who are in any of it; who is reached is in every group.
    private static JsonObject? Group(JsonFields fields, JsonElement item, string path)
    {
        const int MostOfOne = 1000;
        var group = new JsonFields(item, fields.Errors, path);
        var result = new JsonObject();
        var wrongBefore = fields.Errors.Count;
        foreach (var name in AdSetTargeting.Segments) Set(result, name, Array(group.List(name, MostOfOne, group.IdAndName)));
        foreach (var name in Numbers) Set(result, name, Array(group.List(name, MostOfOne, (one, at) => group.Number(one, at, 1, 9999, "must be a number of Meta's"))));
        group.RefuseUnknown();
        if (group.IsObject && result.Count == 0 && fields.Errors.Count == wrongBefore) fields.Errors.Add(path, $"must name something, such as {AdSetTargeting.Segments[0]}");
        return group.IsObject ? result : null;
    }

    private static string? System(JsonFields fields, JsonElement item, string path)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null || Systems().IsMatch(word)) return word;
        fields.Errors.Add(path, "must be iOS or Android, or versions of it such as iOS_ver_15.0_and_above");
        return null;
    }

    [GeneratedRegex(@"^(iOS|Android)(_ver_[0-9]+(\.[0-9]+)*(_and_above|_to_[0-9]+(\.[0-9]+)*)?)?\z")]
    private static partial Regex Systems();
}
