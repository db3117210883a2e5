using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>
/// Where a program finds its appsettings.json: beside itself, from whatever folder it was started. It is read once: watching it for changes would take a file
/// watcher of each process, of which one user has few, and nothing here changes while it runs.
/// </summary>
public static class ContentRoot
{
    public static string Folder => AppContext.BaseDirectory;

    public static string[] Arguments(string[] args) => [.. args, "--hostBuilder:reloadConfigOnChange=false"];

    public static HostApplicationBuilderSettings Settings(string[] args) => new() { Args = Arguments(args), ContentRootPath = Folder };
}
