using System.Collections.Concurrent;
using MetaAdsJobs.StubGraph;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Where users keep the images of their clips: any host on the internet, well-behaved or not.</summary>
public sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, RequestDelegate> _files = new();
    private readonly ConcurrentQueue<string> _asked = new();

    private FileServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async http =>
        {
            _asked.Enqueue(http.Request.Path);
            if (_files.TryGetValue(http.Request.Path, out var answer)) await answer(http);
            else http.Response.StatusCode = 404;
        });
    }

    /// <summary>A small PNG.</summary>
    public static byte[] Picture => StubImages.Png([200, 30, 90]);

    public IReadOnlyList<string> Asked => [.. _asked];

    public static async Task<FileServer> StartAsync()
    {
        var server = new FileServer();
        await server._app.StartAsync();
        server.Add("/clip.png", Picture);
        return server;
    }

    /// <summary>The URL of a file, whether or not it exists.</summary>
    public string UrlOf(string path) => _app.Urls.First() + path;

    public string Add(string path, byte[] content) => Add(path, http => http.Response.Body.WriteAsync(content).AsTask());

    public string Add(string path, RequestDelegate answer)
    {
        _files[path] = answer;
        return UrlOf(path);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
