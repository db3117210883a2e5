using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>What one row of a report says of itself, found in one pass over its bytes. A metric that it does not tell is null.</summary>
internal ref struct RowFields
{
    private readonly ReadOnlySpan<byte> _row;
    private readonly RepeatedTexts _texts;
    private ReadOnlySpan<byte> _actions;
    private ReadOnlySpan<byte> _thruplays;

    private RowFields(ReadOnlySpan<byte> row, RepeatedTexts texts)
    {
        _row = row;
        _texts = texts;
    }

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
    public static RowFields Of(ReadOnlySpan<byte> row, RepeatedTexts texts)
    {
        var told = new RowFields(row, texts);
        var json = new Utf8JsonReader(row);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw new FormatException("it is no object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName) told.ReadField(ref json);
        return told;
    }

    /// <returns>How often the action happened: not at all when it is not listed.</returns>
    /// <exception cref="FormatException">The list is none of actions.</exception>
    public readonly decimal CountOf(ResultAction result)
    {
        var list = result.Field switch
        {
            ResultActions.Actions => _actions,
            ResultActions.Thruplays => _thruplays,
            _ => throw new ArgumentOutOfRangeException(nameof(result), result.Field, "no list of it is kept"),
        };
        if (list.IsEmpty || list[0] != (byte)'[') return 0;
        var json = new Utf8JsonReader(list);
        json.Read();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.StartObject) throw new FormatException("an action is told as something else");
            var isIt = false;
            ReadOnlySpan<byte> value = default;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("value"u8))
                {
                    value = Whatever(list, ref json);
                }
                else
                {
                    var isType = json.ValueTextEquals("action_type"u8);
                    json.Read();
                    if (isType) isIt = TypeIs(ref json, result.ActionType);
                    json.Skip();
                }
            }

            if (!isIt) continue;
            var number = new Utf8JsonReader(value);
            return value.IsEmpty ? 0 : Money(ref number) ?? 0;
        }

        return 0;
    }

    private static bool TypeIs(scoped ref Utf8JsonReader json, string type) => json.TokenType switch
    {
        JsonTokenType.String => json.ValueTextEquals(type),
        JsonTokenType.Null => false,
        _ => throw new FormatException("an action's type is told as something else"),
    };

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
        else if (json.ValueTextEquals(ResultActions.Actions)) _actions = Whatever(_row, ref json);
        else if (json.ValueTextEquals(ResultActions.Thruplays)) _thruplays = Whatever(_row, ref json);
        else Whatever(_row, ref json);
    }

    private static ReadOnlySpan<byte> Whatever(ReadOnlySpan<byte> all, scoped ref Utf8JsonReader json)
    {
        json.Read();
        var from = (int)json.TokenStartIndex;
        json.Skip();
        return all[from..(int)json.BytesConsumed];
    }

    private static long? Whole(ref Utf8JsonReader json) =>
        Value(ref json) is { IsEmpty: false } value ? long.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;

    private static decimal? Money(ref Utf8JsonReader json) =>
        Value(ref json) is { IsEmpty: false } value ? decimal.Parse(value, NumberStyles.Number, CultureInfo.InvariantCulture) : null;

    private static DateOnly? DayOf(string? text) => text is null ? null : DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    // A number may come as one, or as text; nothing where it is null.
    private static ReadOnlySpan<byte> Value(scoped ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return default;
        if (json.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) throw new FormatException($"a number is told as {json.TokenType}");
        return json.ValueIsEscaped ? Encoding.UTF8.GetBytes(json.GetString()!) : json.ValueSpan;
    }

    private readonly string? Text(ref Utf8JsonReader json)
    {
        json.Read();
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return json.ValueIsEscaped ? json.GetString() : _texts.Of(json.ValueSpan);
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                throw new FormatException("an id or a name is told as a list");
            default:
                return Encoding.UTF8.GetString(json.ValueSpan);
        }
    }
}

/// <summary>Texts that come again and again, such as an ad's id on each of its days: made once as long as they are near each other.</summary>
internal sealed class RepeatedTexts
{
    private readonly string?[] _known = new string?[256];

    public string Of(ReadOnlySpan<byte> utf8)
    {
        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var known = ref _known[(byte)hash.ToHashCode()];
        if (known is null || !Ascii.Equals(utf8, known)) known = Encoding.UTF8.GetString(utf8);
        return known;
    }
}
