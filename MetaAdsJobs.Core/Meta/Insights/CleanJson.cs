using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// JSON that PostgreSQL takes: a name that was cut to a length in the middle of a character ends in half of one, and that, or a zero,
/// is refused by jsonb. Such a half becomes the replacement character.
/// </summary>
internal static class CleanJson
{
    private const string Replacement = @"\ufffd";

    /// <returns>The same element unless something in it had to be replaced.</returns>
    public static JsonElement Of(JsonElement element)
    {
        ReadOnlyMemory<byte> given = JsonMarshal.GetRawUtf8Value(element).ToArray();
        var clean = Of(given);
        return clean.Equals(given) ? element : JsonElement.Parse(clean.Span);
    }

    /// <returns>The same bytes unless something in them had to be replaced.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> utf8)
    {
        var isWhole = Utf8.IsValid(utf8.Span);
        if (isWhole && utf8.Span.IndexOf(@"\u"u8) < 0) return utf8;
        // Bytes that are no character become the replacement character here.
        var text = Encoding.UTF8.GetString(utf8.Span);
        var clean = Of(text);
        return isWhole && ReferenceEquals(clean, text) ? utf8 : Encoding.UTF8.GetBytes(clean);
    }

    private static string Of(string json)
    {
        StringBuilder? changed = null;
        var copied = 0;
        for (var at = json.IndexOf('\\', StringComparison.Ordinal); at >= 0 && at + 1 < json.Length; at = json.IndexOf('\\', at))
        {
            if (json[at + 1] != 'u')
            {
                at += 2;
                continue;
            }

            var unit = Unit(json, at);
            var isPair = char.IsHighSurrogate(unit) && at + 12 <= json.Length && json[at + 6] == '\\' && json[at + 7] == 'u' && char.IsLowSurrogate(Unit(json, at + 6));
            if (!isPair && (char.IsSurrogate(unit) || unit == '\0'))
            {
                changed = (changed ?? new StringBuilder(json.Length)).Append(json, copied, at - copied).Append(Replacement);
                copied = at + 6;
            }

            at += isPair ? 12 : 6;
            if (at >= json.Length) break;
        }

        return changed is null ? json : changed.Append(json, copied, json.Length - copied).ToString();
    }

    private static char Unit(string json, int at) => (char)Convert.ToUInt16(json.Substring(at + 2, 4), 16);
}
