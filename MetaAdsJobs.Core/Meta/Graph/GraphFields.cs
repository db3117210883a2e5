using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// The parameters of one call, encoded as Meta's own SDKs do: text as it is, numbers and booleans as invariant text, lists
/// and maps as compact JSON in one field. A null value leaves the field out.
/// </summary>
internal sealed class GraphFields
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<KeyValuePair<string, string>> _fields = [];
    private readonly List<string> _secrets = [];

    public IReadOnlyList<KeyValuePair<string, string>> Encoded => _fields;

    /// <summary>Values that are repeated nowhere, whatever becomes of the call.</summary>
    public IReadOnlyList<string> Secrets => _secrets;

    public GraphFields AddSecret(string name, string value)
    {
        _secrets.Add(value);
        return AddText(name, value);
    }

    public GraphFields Add(string name, string? value) => value is null ? this : AddText(name, value);

    public GraphFields Add(string name, long? value) => value is null ? this : AddText(name, value.Value.ToString(CultureInfo.InvariantCulture));

    public GraphFields Add(string name, bool? value) => value is null ? this : AddText(name, value.Value ? "true" : "false");

    public GraphFields Add(string name, JsonNode? value) => value is null ? this : AddText(name, value.ToJsonString(Compact));

    /// <summary>True when Meta is only to judge the call: it changes nothing, whatever the method, but counts as a change does.</summary>
    public bool OnlyChecks { get; private set; }

    /// <summary>True when Meta is only to prepare a report: it changes nothing, whatever the method.</summary>
    public bool OnlyReads { get; private set; }

    public GraphFields OnlyCheck()
    {
        OnlyChecks = true;
        return Add("execution_options", new JsonArray("validate_only"));
    }

    public GraphFields OnlyRead()
    {
        OnlyReads = true;
        return this;
    }

    private GraphFields AddText(string name, string value)
    {
        _fields.Add(new(name, value));
        return this;
    }
}
