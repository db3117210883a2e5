using System.Buffers;
using System.Text;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>The parameters of a call as the JSON that is kept: lists and maps as such, budgets as the strings Meta gives back.</summary>
internal static class GivenFields
{
    public static string ToJson(StubCall call)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in call.Parameters)
            {
                if (name is not ("name" or "status" or "execution_options" or "fields" or "bytes"))
                    Write(json, name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(name);
        if (IsStructured(value))
            json.WriteRawValue(value);
        else if (name.StartsWith("is_", StringComparison.Ordinal) && bool.TryParse(value, out var flag))
            json.WriteBooleanValue(flag);
        else
            json.WriteStringValue(value);
    }

    public static bool IsStructured(string value) => value.StartsWith('{') || value.StartsWith('[');
}
