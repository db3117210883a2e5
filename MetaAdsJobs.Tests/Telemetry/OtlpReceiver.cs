using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Tests.Telemetry;

/// <summary>One span as it was exported; ids in hexadecimal, the parent's empty when there is none.</summary>
internal sealed record SeenSpan(string Process, string TraceId, string Id, string ParentId, string Name);

/// <summary>Where operators collect telemetry: takes what is pushed by OTLP over HTTP, and reads as much of it as tests ask about.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _bodies = new();

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            _bodies.Enqueue((http.Request.Path, body.ToArray()));
            http.Response.ContentType = "application/x-protobuf";
        });
    }

    /// <summary>For a process that is to push here, and soon.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _app.Urls.First()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];

    public IReadOnlyList<SeenSpan> Spans => [.. _bodies.Where(body => body.Path == "/v1/traces").SelectMany(body => Read(body.Body))];

    /// <summary>All that was pushed, to be searched for what must not be in it.</summary>
    public string Text => string.Concat(_bodies.Select(body => Encoding.Latin1.GetString(body.Body)));

    /// <summary>The measurements that a process has pushed.</summary>
    public string MeasuredBy(string process) =>
        string.Concat(_bodies.Where(body => body.Path == "/v1/metrics").Select(body => Encoding.Latin1.GetString(body.Body)).Where(body => body.Contains(process, StringComparison.Ordinal)));

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // ExportTraceServiceRequest: 1 resource_spans { 1 resource, 2 scope_spans { 2 spans { 1 trace_id, 2 span_id, 4 parent_span_id, 5 name } } }
    private static IEnumerable<SeenSpan> Read(byte[] body) =>
        from resource in Fields(body, 1)
        let process = Encoding.Latin1.GetString(Fields(resource, 1).Single()).Contains("metaadsjobs-api", StringComparison.Ordinal) ? "api" : "worker"
        from scope in Fields(resource, 2)
        from span in Fields(scope, 2)
        select new SeenSpan(process, Hex(span, 1), Hex(span, 2), Hex(span, 4), Encoding.UTF8.GetString(Fields(span, 5).Single()));

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault() ?? []);

    /// <summary>The values of a field of a protobuf message that are messages, texts or bytes.</summary>
    private static List<byte[]> Fields(byte[] message, int field)
    {
        var (found, at) = (new List<byte[]>(), 0);
        while (at < message.Length)
        {
            var key = Number();
            switch (key & 7)
            {
                case 0:
                    Number();
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Number();
                    if (key >> 3 == (ulong)field) found.Add(message[at..(at + length)]);
                    at += length;
                    break;
                default:
                    at += 4;
                    break;
            }
        }

        return found;

        ulong Number()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var part = message[at++];
                value |= (ulong)(part & 0x7f) << shift;
                if (part < 0x80) return value;
            }
        }
    }
}
