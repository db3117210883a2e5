using System.Globalization;
using System.Net.Sockets;
using MetaAdsJobs.Core.Configuration;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Api;

/// <summary>Where the API listens, as the framework's own variables say: ASPNETCORE_URLS, or else ASPNETCORE_HTTP_PORTS and ASPNETCORE_HTTPS_PORTS.</summary>
internal sealed class ListenAddresses
{
    private const string Urls = "ASPNETCORE_URLS";
    private const char Between = ';';

    private static readonly (string Key, string Name)[] Ports = [(WebHostDefaults.HttpPortsKey, "ASPNETCORE_HTTP_PORTS"), (WebHostDefaults.HttpsPortsKey, "ASPNETCORE_HTTPS_PORTS")];

    /// <summary>Serves until it is stopped.</summary>
    /// <exception cref="ConfigurationException">This machine does not let it listen there.</exception>
    public static async Task ServeAsync(WebApplication app)
    {
        // What could not be listened at is not among the application's addresses any more.
        var (name, given) = GivenBy(app.Configuration) ?? (Urls, string.Join(Between, app.Urls));
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception) when (exception is SocketException or IOException || exception.Source?.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) == true)
        {
            // By default the framework chooses, and its message alone says where.
            throw new ConfigurationException($"{name}: cannot listen{(given.Length > 0 ? $" at {given}" : "")}: {exception.Message}", exception);
        }

        await app.WaitForShutdownAsync();
    }

    private static (string Name, string Value)? GivenBy(IConfiguration configuration)
    {
        foreach (var (key, name) in ((string, string)[])[(WebHostDefaults.ServerUrlsKey, Urls), .. Ports])
            if (configuration[key] is { Length: > 0 } value) return (name, value);
        return null;
    }

    private static string? UrlsOf(IConfiguration configuration) => configuration[WebHostDefaults.ServerUrlsKey];

    /// <summary>What no machine could listen at is told with everything else that is wrong, before anything is made.</summary>
    internal sealed class Check(IConfiguration configuration) : IValidateOptions<ListenAddresses>
    {
        public ValidateOptionsResult Validate(string? name, ListenAddresses options)
        {
            var urls = Parts(UrlsOf(configuration)).Where(url => !IsAddress(url)).Select(url => $"{Urls}: {url} is no address to listen at: such as http://0.0.0.0:8080, several with {Between} between them, without a path").ToList();
            // With addresses they are not looked at.
            if (!string.IsNullOrEmpty(UrlsOf(configuration))) return ResultOf(urls);
            return ResultOf([.. Ports.SelectMany(one => Parts(configuration[one.Key]).Where(port => !IsPort(port)).Select(port => $"{one.Name}: {port} is no port: such as 8080, several with {Between} between them"))]);
        }

        private static ValidateOptionsResult ResultOf(List<string> failures) => failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        private static string[] Parts(string? text) => text?.Split(Between, StringSplitOptions.RemoveEmptyEntries) ?? [];

        private static bool IsPort(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue;

        private static bool IsAddress(string url)
        {
            try
            {
                var address = BindingAddress.Parse(url);
                if (address.IsUnixPipe || address.IsNamedPipe) return true;
                // A port that cannot be read is left in the host.
                return address.Scheme.ToLowerInvariant() is "http" or "https" && address.PathBase.Length == 0 && address.Port is >= 0 and <= ushort.MaxValue
                    && (address.Host is ['[', .., ']'] || (!address.Host.Contains(':', StringComparison.Ordinal) && !address.Host.Any(char.IsWhiteSpace)));
            }
            catch (FormatException)
            {
                return false;
            }
        }
    }
}
