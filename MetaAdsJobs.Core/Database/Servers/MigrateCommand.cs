using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// The argument migrate, of both programs: brings the database to this build's version and ends, by a role that may create tables. The services then start
/// as one that may only read and write rows. It asks for DATABASE_URL alone: who migrates needs no keys.
/// </summary>
public static class MigrateCommand
{
    public static bool IsAsked(string[] args) => args is ["migrate", ..];

    /// <param name="stub">Makes the tables of what stands for Meta in stub mode.</param>
    /// <exception cref="ConfigurationException">The database cannot be used.</exception>
    public static async Task RunAsync(string[] args, Func<NpgsqlDataSource, CancellationToken, Task> stub)
    {
        var builder = Host.CreateApplicationBuilder(ContentRoot.Settings(args[1..]));
        builder.Configuration.AddSeedKeys();
        builder.Services.AddJsonLogs(builder.Configuration, "migrate");
        using var host = builder.Build();
        var url = builder.Configuration[$"{DatabaseOptions.Section}:{nameof(DatabaseOptions.Url)}"];
        if (string.IsNullOrEmpty(url)) throw new ConfigurationException("DATABASE_URL: is required: a postgres:// URL or an Npgsql connection string");
        DatabaseServices.TellInOneLine(url, () => Migrations.Apply(ConnectionString(url), host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Migrations")));
        if (string.Equals(builder.Configuration[$"{MetaOptions.Section}:{nameof(MetaOptions.Mode)}"], nameof(MetaMode.Live), StringComparison.OrdinalIgnoreCase)) return;
        await using var dataSource = NpgsqlDataSource.Create(ConnectionString(url));
        await stub(dataSource, CancellationToken.None);
    }

    private static string ConnectionString(string url)
    {
        try
        {
            return DatabaseUrl.ToConnectionString(url);
        }
        catch (FormatException unreadable)
        {
            throw new ConfigurationException(unreadable.Message, unreadable);
        }
    }
}
