using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Batches.Files;

/// <summary>Names made of a row: {brand}_{country}_{date}_{clip}. The list of what may stand between braces is closed.</summary>
internal static class RowNames
{
    public const string Field = "campaign_name";
    public const string Known = "{brand}, {clip}, {country}, {date}, {row_id}";

    /// <param name="template">With or without braces.</param>
    /// <param name="row">The row's own fields.</param>
    /// <param name="clipTitle">Of the clip that the row names.</param>
    /// <param name="errors">Told what cannot be put in.</param>
    public static string Make(string template, JsonElement row, SocialAccount account, string? clipTitle, DateTimeOffset now, Action<string> errors)
    {
        return Placeholders.Fill(template, (name, _) => name switch
        {
            "brand" => Text(row, RowColumns.Brand) ?? Missing("{brand} is the row's field brand, and it has none"),
            "row_id" => Text(row, RowColumns.RowId) ?? "",
            "date" => $"{AccountDays.Today(account.TimezoneName, now):yyyy-MM-dd}",
            "clip" => clipTitle ?? Missing("{clip} is the title of the row's clip_id, and it names no clip"),
            "country" => CountriesOf(row, account) ?? Missing("{country} is the countries of its targeting, and it targets none"),
            var other => Missing($"{{{other.Cut(50)}}} is no placeholder; known: {Known}"),
        }, errors, Known);

        string Missing(string message)
        {
            errors(message);
            return "";
        }
    }

    private static string? CountriesOf(JsonElement row, SocialAccount account)
    {
        if (row.TryGetProperty("targeting", out var targeting) && targeting.ValueKind == JsonValueKind.Object
            && targeting.TryGetProperty("geo_locations", out var places) && places.ValueKind == JsonValueKind.Object && places.EnumerateObject().Any())
        {
            // What is wrong with them is told where they are judged.
            var read = new JsonFields(places, new());
            return read.List("countries", max: 1000, (item, path) => read.TextOf(item, path, max: 10)) is { Count: > 0 } countries ? string.Join('-', countries) : null;
        }

        return account.DefaultCountries.Count > 0 ? string.Join('-', account.DefaultCountries) : null;
    }

    private static string? Text(JsonElement row, string name) => new JsonFields(row, new()).Text(name);
}
