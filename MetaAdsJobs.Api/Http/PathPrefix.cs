using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Configuration;

namespace MetaAdsJobs.Api.Http;

internal sealed partial class PathPrefixOptions : IValidatableObject
{
    public const string Section = "Api";

    /// <summary>PATH_BASE: the path under which a proxy shows this service, as /ads. Default none.</summary>
    public string PathBase { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PathBase.Length > 0 && !Prefix().IsMatch(PathBase)) yield return new("must be a path such as /ads, without a slash at its end", [nameof(PathBase)]);
        else if (Own().IsMatch(PathBase)) yield return new("must not begin as the service's own addresses do", [nameof(PathBase)]);
    }

    [GeneratedRegex(@"^(/[A-Za-z0-9._~-]+)+$")]
    private static partial Regex Prefix();

    [GeneratedRegex("^/(console|meta|hangfire|signin|signout|swagger|openapi|health|metrics)(/|$)", RegexOptions.IgnoreCase)]
    private static partial Regex Own();
}

/// <summary>
/// Shows the service under a path. Its addresses are written as they are without one, in some hundreds of places; here, at the outermost place, all that a
/// browser or a program follows gets the prefix: Location, links and forms of pages, status_url. It does not matter whether the proxy takes the prefix away.
/// </summary>
internal static partial class PathPrefix
{
    public static IServiceCollection AddPathPrefix(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsFor<PathPrefixOptions>(PathPrefixOptions.Section);
        if (configuration[$"{PathPrefixOptions.Section}:{nameof(PathPrefixOptions.PathBase)}"] is not { Length: > 0 } prefix) return services;
        return services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver =
            (json.SerializerOptions.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(type => PrefixStatusUrls(type, prefix)));
    }

    public static IApplicationBuilder UsePathPrefix(this IApplicationBuilder app)
    {
        var prefix = app.ApplicationServices.GetRequiredService<PathPrefixOptions>().PathBase;
        if (prefix.Length == 0) return app;
        return app.Use(async (http, next) =>
        {
            if (http.Request.Path.StartsWithSegments(prefix, out var rest)) http.Request.Path = rest.HasValue ? rest : "/";
            http.Request.PathBase = prefix;
            http.Response.OnStarting(() =>
            {
                if (http.Response.Headers.Location is [{ } location]) http.Response.Headers.Location = Under(prefix, LocalOf(http, location));
                return Task.CompletedTask;
            });
            var body = http.Response.Body;
            await using var pages = new PrefixedPages(http.Response, body, prefix);
            http.Response.Body = pages;
            try
            {
                await next(http);
                await pages.EndAsync(http.RequestAborted);
            }
            finally
            {
                http.Response.Body = body;
            }
        });
    }

    /// <summary>Links of a page that lead to this service.</summary>
    internal static string OfPage(string prefix, string html) => Link().Replace(html, link => $"{link.Groups[1].Value}\"{Under(prefix, link.Groups[2].Value)}\"");

    private static string Under(string prefix, string path) =>
        path is not ['/', ..] || path.StartsWith("//", StringComparison.Ordinal) || (path.StartsWith(prefix, StringComparison.Ordinal) && path.AsSpan(prefix.Length) is [] or ['/' or '?' or '#', ..]) ? path : prefix + path;

    // As the proxy has called us, which is not where the browser is.
    private static string LocalOf(HttpContext http, string location) =>
        $"{http.Request.Scheme}://{http.Request.Host}" is var own && location.StartsWith(own + "/", StringComparison.OrdinalIgnoreCase) ? location[own.Length..] : location;

    private static void PrefixStatusUrls(JsonTypeInfo type, string prefix)
    {
        foreach (var property in type.Properties)
            if (property is { Name: "status_url", Get: { } get }) property.Get = of => get(of) is string url ? Under(prefix, url) : null;
    }

    [GeneratedRegex(@"(\s(?:href|src|action|formaction)=)""(/[^""]*)""")]
    private static partial Regex Link();

    /// <summary>Holds a page until it is whole; lets all else through as it comes.</summary>
    private sealed class PrefixedPages(HttpResponse response, Stream body, string prefix) : Stream
    {
        private MemoryStream? _page;
        private bool _isBegun;

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public async Task EndAsync(CancellationToken ct)
        {
            if (_page is null) return;
            var page = OfPage(prefix, Encoding.UTF8.GetString(_page.GetBuffer().AsSpan(0, (int)_page.Length)));
            await body.WriteAsync(Encoding.UTF8.GetBytes(page), ct);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (To() is not { } page) return body.WriteAsync(buffer, cancellationToken);
            page.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) => (To() ?? body).Write(buffer, offset, count);

        public override Task FlushAsync(CancellationToken cancellationToken) => To() is null ? body.FlushAsync(cancellationToken) : Task.CompletedTask;

        public override void Flush()
        {
            if (To() is null) body.Flush();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        // What is begun as something else is no page.
        private MemoryStream? To()
        {
            if (_isBegun) return _page;
            _isBegun = true;
            if (response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) != true || response.Headers.ContentEncoding.Count > 0) return null;
            response.ContentLength = null;
            return _page = new();
        }
    }
}
