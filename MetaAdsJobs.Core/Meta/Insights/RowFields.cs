using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>What one row of a report says of itself, found in one pass over its bytes. A metric that it does not tell is null.</summary>
internal ref struct RowFields
{
    public string? AccountId { get; private set; }
    public string? AdId { get; private set; }
    public string? AdSetId { get; private set; }
    public string? CampaignId { get; private set; }
    public string? Goal { get; private set; }
    public string? Objective { get; private set; }
    public DateOnly? Day { get; private set; }
    public DateOnly? LastDay { get; private set; }
    public long? Impressions { get; private set; }
    public long? Clicks { get; private set; }
    public long? LinkClicks { get; private set; }
    public long? Reach { get; private set; }
    public decimal? Spend { get; private set; }

    /// <exception cref="FormatException">A value is not what its name says.</exception>
    public static RowFields Of(ReadOnlySpan<byte> row)
    {
        var told = new RowFields();
        var json = new Utf8JsonReader(row);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw new FormatException("it is no object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName) told.ReadField(ref json);
        return told;
    }

    private void ReadField(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("ad_id"u8)) AdId = Text(ref json);
        else if (json.ValueTextEquals("adset_id"u8)) AdSetId = Text(ref json);
        else if (json.ValueTextEquals("campaign_id"u8)) CampaignId = Text(ref json);
        else if (json.ValueTextEquals("optimization_goal"u8)) Goal = Text(ref json);
        else if (json.ValueTextEquals("objective"u8)) Objective = Text(ref json);
        else if (json.ValueTextEquals("date_start"u8)) Day = DayOf(Text(ref json));
        else if (json.ValueTextEquals("date_stop"u8)) LastDay = DayOf(Text(ref json));
        else if (json.ValueTextEquals("impressions"u8)) Impressions = Whole(ref json);
        else if (json.ValueTextEquals("clicks"u8)) Clicks = Whole(ref json);
        else if (json.ValueTextEquals("inline_link_clicks"u8)) LinkClicks = Whole(ref json);
        else if (json.ValueTextEquals("reach"u8)) Reach = Whole(ref json);
        else if (json.ValueTextEquals("spend"u8)) Spend = Money(ref json);
        else if (json.ValueTextEquals("account_id"u8)) AccountId = Text(ref json);
        else
        {
            json.Read();
            json.Skip();
        }
    }

    private static long? Whole(ref Utf8JsonReader json) =>
        Value(ref json) is { IsEmpty: false } value ? long.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;

    private static decimal? Money(ref Utf8JsonReader json) =>
        Value(ref json) is { IsEmpty: false } value ? decimal.Parse(value, NumberStyles.Number, CultureInfo.InvariantCulture) : null;

    private static DateOnly? DayOf(string? text) => text is null ? null : DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    // A number may come as one, or as text; nothing where it is null.
    private static ReadOnlySpan<byte> Value(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return default;
        if (json.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) throw new FormatException($"a number is told as {json.TokenType}");
        return json.ValueIsEscaped ? Encoding.UTF8.GetBytes(json.GetString()!) : json.ValueSpan;
    }

    private static string? Text(ref Utf8JsonReader json)
    {
        json.Read();
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return json.GetString();
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                throw new FormatException("an id or a name is told as a list");
            default:
                return Encoding.UTF8.GetString(json.ValueSpan);
        }
    }
}
