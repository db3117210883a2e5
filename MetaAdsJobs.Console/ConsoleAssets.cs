using System.Security.Cryptography;
using Microsoft.Extensions.FileProviders;

namespace MetaAdsJobs.Console;

/// <summary>The console's style, script and pictures: in the program itself, named by their content, so that browsers may keep them.</summary>
internal static class ConsoleAssets
{
    public const string Path = "/console/assets";
    private const string Folder = "MetaAdsJobs.Console.Assets.";
    private static readonly Dictionary<string, string> Versions = typeof(ConsoleAssets).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).ToDictionary(name => name[Folder.Length..], Hash);

    public static string Url(string name) => $"{Path}/{name}?v={Versions[name]}";

    public static IApplicationBuilder UseConsoleAssets(this IApplicationBuilder app) => app.UseStaticFiles(new StaticFileOptions
    {
        FileProvider = new EmbeddedFileProvider(typeof(ConsoleAssets).Assembly, Folder.TrimEnd('.')),
        RequestPath = Path,
        OnPrepareResponse = file =>
        {
            file.Context.Response.Headers.CacheControl = file.Context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "no-cache";
            file.Context.Response.Headers.XContentTypeOptions = "nosniff";
        },
    });

    private static string Hash(string resource)
    {
        using var stream = typeof(ConsoleAssets).Assembly.GetManifestResourceStream(resource)!;
        return Convert.ToHexStringLower(SHA256.HashData(stream))[..12];
    }
}
