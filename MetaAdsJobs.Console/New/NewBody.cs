using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.New.Trees;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.New;

/// <summary>
/// The form as the body of POST /meta/orchestrate/run, which judges it: a field is named by the JSON path it fills. What is no number, no
/// time or no JSON goes on as a text, so that the request is refused for it, and the person is told in the form's words.
/// </summary>
internal sealed class NewBody
{
    private static readonly string[] TextsOfCampaign = ["social_account_id", "campaign_name", "budget_at", "activate_at", "campaign_id", "ad_set_id"];
    private static readonly string[] TextsOfAdSet = ["bid_strategy", "pixel_id", "conversion_event", "lead_gen_form_id", "application_id", "object_store_url", "destination_type", "dsa_beneficiary", "dsa_payor"];
    private static readonly string[] TextsOfAd = ["clip_id", "creative_title", "creative_description", "landing_url", "call_to_action", "post_id", "instagram_media_id"];
    private static readonly char[] Separators = [',', ';', ' ', '\t', '\r', '\n'];
    private readonly FormValues _values;
    private readonly TimeZoneInfo? _zone;
    private readonly Dictionary<string, string[]> _wrong = [];
    private readonly JsonObject _body;

    /// <param name="zone">The account's: times are typed as they are there. Null as long as no account is chosen.</param>
    public NewBody(FormValues values, TimeZoneInfo? zone, bool validateOnly)
    {
        (_values, _zone) = (values, zone);
        _body = Part("", TextsOfCampaign, TextsOfAdSet, TextsOfAd);
        OfAd(_body, "");
        var goal = Given("goal")?.Split('|') ?? [];
        Put(_body, "campaign_objective", goal.ElementAtOrDefault(0));
        Put(_body, "optimization_goal", goal.ElementAtOrDefault(1));
        OfAdSet(_body, "");
        Put(_body, "special_ad_categories", List("special_ad_categories", text => text));
        Put(_body, "special_ad_category_countries", Codes("special_ad_category_countries"));
        if (Given("auto_publish") is not null) _body["auto_publish"] = true;
        if (validateOnly) _body["validate_only"] = true;
        var tree = NewTree.Of(values);
        if (tree.Sets.Count > 0) _body["ad_sets"] = new JsonArray([.. tree.Sets.Select((_, set) => AdSet(tree.PlaceOf(set).Path, tree.AdsOf(set)))]);
    }

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(_body);

    /// <summary>For the form to be shown again.</summary>
    public FormValues Refused(FieldErrors errors)
    {
        var all = errors.ToDictionary();
        foreach (var (name, messages) in _wrong) all[name] = messages;
        return _values.With(all);
    }

    private JsonObject AdSet(string path, IEnumerable<NewPlace> ads)
    {
        var adSet = Part(path + ".", ["name", "optimization_goal"], TextsOfAdSet);
        OfAdSet(adSet, path + ".");
        adSet["ads"] = new JsonArray([.. ads.Select(ad => OfAd(Part(ad.Path + ".", ["name"], TextsOfAd), ad.Path + "."))]);
        return adSet;
    }

    private JsonObject OfAd(JsonObject part, string at)
    {
        foreach (var name in NewFields.Lines)
            Put(part, name, Given(at + name)?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => (JsonNode?)line).ToArray() is { Length: > 0 } lines ? new JsonArray(lines) : null);
        if (NewFields.CardsOf(_values, at) is > 0 and var cards) part["cards"] = new JsonArray([.. Enumerable.Range(0, cards).Select(card => Card($"{at}cards[{card}]."))]);
        return part;
    }

    private JsonObject Card(string at)
    {
        var card = new JsonObject();
        foreach (var name in NewFields.OfCard) Put(card, name, Given(at + name));
        return card;
    }

    private JsonObject Part(string at, params IEnumerable<string[]> texts)
    {
        var part = new JsonObject();
        if (Given(at + NewFields.More) is { } more && Json(at + NewFields.More, more, "must be a JSON object such as {\"name\": \"…\"}") is { } further) part = further;
        else if (Given(at + NewFields.More) is { } wrong) part[NewFields.More] = wrong;
        foreach (var name in texts.SelectMany(names => names)) Put(part, name, Given(at + name));
        return part;
    }

    private void OfAdSet(JsonObject part, string at)
    {
        foreach (var name in NewFields.Amounts) Put(part, name, Read(at + name, text => FormMoney.ToCents(text) is { } cents ? cents : null, FormMoney.Wrong));
        Put(part, "roas_average_floor", Read(at + "roas_average_floor", text => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null, "must be a number such as 1.5"));
        foreach (var name in NewFields.Times) Put(part, name, Read(at + name, Moment, "must be a time that exists in the account's time zone"));
        Put(part, "targeting", Targeting(at));
    }

    private JsonNode? Targeting(string at)
    {
        var targeting = new JsonObject();
        if (Given(at + "targeting_more") is { } more)
        {
            if (Json(at + "targeting_more", more, "must be a JSON object such as {\"device_platforms\": [\"mobile\"]}") is not { } further) return more;
            targeting = further;
        }

        foreach (var name in (string[])["age_min", "age_max"]) Put(targeting, name, Read($"{at}targeting.{name}", text => Whole(text) is { } age ? age : null, "must be a whole number"));
        Put(targeting, "genders", List($"{at}targeting.genders", text => Whole(text) is { } gender ? gender : text));
        Put(targeting, "interests", List($"{at}targeting.interests", IdAndName));
        Put(targeting, "locales", List($"{at}targeting.locales", text => Whole(text.Split('|')[0]) is { } locale ? locale : text));
        Put(targeting, "geo_locations", Places(at, targeting["geo_locations"] as JsonObject ?? []));
        return targeting.Count > 0 ? targeting : null;
    }

    // Chosen by search, as "type|key|name", beside the countries that were typed and what the further targeting names.
    private JsonObject? Places(string at, JsonObject places)
    {
        places = (JsonObject)places.DeepClone();
        var chosen = _values.All(at + "place").Select(place => place?.Split('|', 3) ?? []).Where(place => place.Length == 3).ToList();
        foreach (var (type, list) in ((string, string)[])[("country", "countries"), ("region", "regions"), ("city", "cities"), ("zip", "zips")])
        {
            IEnumerable<JsonNode> named = chosen.Where(place => place[0] == type).Select(place => type == "country" ? (JsonNode)place[1]! : new JsonObject { ["key"] = place[1], ["name"] = place[2] });
            if (type == "country") named = [.. (Codes(at + "targeting.geo_locations.countries") ?? []).OfType<JsonNode>(), .. named];
            var items = named.Select(item => item.DeepClone()).DistinctBy(item => item.ToJsonString()).ToArray();
            if (items.Length > 0) places[list] = new JsonArray([.. places[list] as JsonArray is { } more ? more.Select(item => item?.DeepClone()) : [], .. items]);
        }

        return places.Count > 0 ? places : null;
    }

    private static JsonNode IdAndName(string text) => text.Split('|', 2) is [var id, var name] ? new JsonObject { ["id"] = id, ["name"] = name } : text;

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private JsonNode? Moment(string text)
    {
        if (_zone is null || !DateTime.TryParseExact(text, (string[])["yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || _zone.IsInvalidTime(local)) return null;
        // Of a time that comes twice, the first.
        var offset = _zone.IsAmbiguousTime(local) ? _zone.GetAmbiguousTimeOffsets(local).Max() : _zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    private JsonObject? Json(string name, string text, string wrong)
    {
        try
        {
            if (JsonTexts.Parse(text) is JsonObject json) return json;
        }
        catch (JsonException)
        {
        }

        _wrong[name] = [wrong];
        return null;
    }

    private JsonNode? Read(string name, Func<string, JsonNode?> read, string wrong)
    {
        if (Given(name) is not { } text) return null;
        if (read(text) is { } value) return value;
        _wrong[name] = [wrong];
        return text;
    }

    private JsonArray? List(string name, Func<string, JsonNode?> item) =>
        _values.All(name).OfType<string>().Where(text => text.Length > 0).Select(item).ToArray() is { Length: > 0 } items ? new JsonArray(items) : null;

    private JsonArray? Codes(string name) =>
        Given(name)?.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(code => (JsonNode?)code.ToUpperInvariant()).ToArray() is { Length: > 0 } codes
            ? new JsonArray(codes) : null;

    private string? Given(string name) => _values[name]?.Trim() is { Length: > 0 } text ? text.ReplaceLineEndings("\n") : null;

    private static void Put(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null) target[name] = value;
    }
}
