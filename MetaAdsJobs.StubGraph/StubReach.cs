using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph;

/// <summary>
/// What a token reaches. At Meta that hangs on who it is of; here every token reaches the same few ad accounts, besides those that somebody has described, and the same pages; each ad account has its own
/// pixel and Instagram account.
/// </summary>
internal static class StubReach
{
    private const int LongestPage = 500;
    private static readonly string[] AccountFields = ["id", "account_id", "name", "currency", "timezone_name", "account_status"];
    private static readonly string[] NameFields = ["id", "name"];
    private static readonly string[] UserFields = ["id", "username"];

    private static readonly Dictionary<string, string>[] Pages =
    [
        new() { ["id"] = "1020304050", ["name"] = "Our shop" }, new() { ["id"] = "1020304051", ["name"] = "Our outlet" }, new() { ["id"] = "1020304052", ["name"] = "Running club" },
    ];

    /// <summary>GET me/adaccounts.</summary>
    public static StubAnswer AdAccounts(StubCall call, IEnumerable<StubAccount> accounts) => List(call, AccountFields, "AdAccount", [.. accounts.Select(one => new Dictionary<string, string>
    {
        ["id"] = $"act_{one.AccountId}", ["account_id"] = one.AccountId, ["name"] = one.Name, ["currency"] = one.Currency, ["timezone_name"] = one.TimezoneName, ["account_status"] = "1",
    })]);

    /// <summary>GET me/accounts.</summary>
    public static StubAnswer PagesOf(StubCall call) => List(call, NameFields, "Page", Pages);

    public static StubAnswer Pixels(string accountId, StubCall call) => List(call, NameFields, "AdsPixel", [new() { ["id"] = $"40{accountId}", ["name"] = $"Pixel of {accountId}" }]);

    public static StubAnswer Instagram(string accountId, StubCall call) => List(call, UserFields, "IGUser", [new() { ["id"] = $"30{accountId}", ["username"] = $"shop.{accountId}" }]);

    private static StubAnswer List(StubCall call, string[] known, string node, IReadOnlyList<Dictionary<string, string>> all)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown) return FieldSelection.Unknown(unknown, node).ToAnswer();
        if (StubPage.Refuse(call, LongestPage, out var page) is { } refusal) return refusal.ToAnswer();
        var rest = all.OrderBy(one => one["id"], StringComparer.Ordinal).Where(one => page.After is null || string.CompareOrdinal(one["id"], page.After.Id) > 0).ToList();
        var shown = rest.Take(page.Limit).ToList();
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var one in shown) Write(json, one, names);
            json.WriteEndArray();
            StubPage.Write(json, call, Cursor(shown.FirstOrDefault()), Cursor(shown.LastOrDefault()), rest.Count > shown.Count);
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, Dictionary<string, string> one, IReadOnlyList<string> names)
    {
        json.WriteStartObject();
        foreach (var name in names.Append("id").Distinct())
        {
            json.WritePropertyName(name);
            if (name == "account_status") json.WriteRawValue(one[name]);
            else json.WriteStringValue(one[name]);
        }

        json.WriteEndObject();
    }

    private static StubCursor? Cursor(Dictionary<string, string>? one) => one is null ? null : StubCursor.Oldest with { Id = one["id"] };
}
