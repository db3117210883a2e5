using System.Globalization;
using System.Net;
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

    /// <summary>What goes with the fields as a file; null without one.</summary>
    public GraphFile? File { get; private set; }

    /// <summary>True for a part of an upload: it changes nothing that anybody sees, but is sent, and counts, as a change is.</summary>
    public bool IsPart { get; private set; }

    /// <summary>True for what Meta takes where it takes videos.</summary>
    public bool GoesToVideos { get; private set; }

    public GraphFields With(GraphFile file)
    {
        File = file;
        return this;
    }

    public GraphFields Part()
    {
        IsPart = true;
        return ToVideos();
    }

    public GraphFields ToVideos()
    {
        GoesToVideos = true;
        return this;
    }

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

/// <summary>Bytes that go with a call as a file. They are read anew each time the call is sent, and never all in memory.</summary>
/// <param name="Name">Of the field.</param>
/// <param name="Open">From their first one on; what it throws is thrown by the call.</param>
internal sealed record GraphFile(string Name, string FileName, long Bytes, Func<Stream> Open)
{
    // What the slowest line has to carry: a call has so much longer.
    private const int BytesPerSecond = 128 * 1024;

    public TimeSpan Allowance => TimeSpan.FromSeconds(Bytes / BytesPerSecond);

    public MultipartFormDataContent With(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var boundary = Guid.NewGuid().ToString("N");
        var content = new MultipartFormDataContent(boundary);
        // Unquoted, as all read it; .NET quotes it.
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={boundary}");
        foreach (var (name, value) in fields) content.Add(new StringContent(value) { Headers = { ContentType = null, ContentDisposition = new("form-data") { Name = $"\"{name}\"" } } });
        // Without the name in a second encoding, which .NET adds and not everybody reads.
        content.Add(new Content(this) { Headers = { ContentDisposition = new("form-data") { Name = $"\"{Name}\"", FileName = $"\"{FileName}\"" } } });
        return content;
    }

    private sealed class Content(GraphFile file) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = file.Bytes;
            return true;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var source = file.Open();
            var buffer = new byte[80 * 1024];
            for (var left = file.Bytes; left > 0;)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
                if (read == 0) throw new IOException("The file ends early.");
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
            }
        }
    }
}
