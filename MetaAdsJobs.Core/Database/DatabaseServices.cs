using System.Data.Common;
using System.Diagnostics;
using Dapper;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database.Keys;
using MetaAdsJobs.Core.Database.Servers;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

public static class DatabaseServices
{
    /// <summary>What data protection goes by beside its keys: the same for all processes.</summary>
    internal const string ApplicationName = "metaadsjobs";

    /// <summary>One data source for the whole process, Hangfire included: that is what lets a row and its job share a commit.</summary>
    public static IServiceCollection AddDatabase(this IServiceCollection services)
    {
        SqlTypes.Register();
        services.AddOptionsFor<DatabaseOptions>(DatabaseOptions.Section);
        services.AddSingleton<IValidateOptions<DatabaseOptions>, DatabaseOptionsCheck>();
        services.AddSingleton<Pooler>();
        services.AddSingleton(provider => CreateDataSource(provider));
        services.AddKeyedSingleton(Connections.OfStops, (provider, _) => CreateDataSource(provider, Connections.MostOfStops));
        services.AddKeyedSingleton(Connections.OfCallers, (provider, _) => CreateDataSource(provider, Connections.MostOfCallers));
        services.AddKeyedSingleton(Connections.OfHealth, (provider, _) => CreateDataSource(provider, Connections.MostOfHealth));
        services.AddKeyedSingleton(Connections.OfStreams, (provider, _) => CreateDataSource(provider, Connections.MostOfStreams));

        services.AddDataProtection().SetApplicationName(ApplicationName);
        services.AddSingleton<DatabaseHealth>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<FirstKey>();
        services.AddSingleton<RereadRing>();
        services.AddHostedService<ServiceClockReadings>();
        // Those of the job server are of processes alone that have to do with jobs.
        services.AddSingleton(provider => new ConnectionPools([provider.GetRequiredService<NpgsqlDataSource>(), .. Connections.All.Select(key => provider.GetKeyedService<NpgsqlDataSource>(key)).OfType<NpgsqlDataSource>()]));
        services.AddHostedService(provider => new CutConnections(CreateDataSource(provider, most: 1), provider.GetRequiredService<ConnectionPools>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, KeyRingSetup>();
        return services;
    }

    internal static NpgsqlDataSource CreateDataSource(IServiceProvider provider, int? most = null, string? options = null) => CreateDataSource(
        DatabaseUrl.ToConnectionString(provider.GetRequiredService<DatabaseOptions>().Url), provider.GetRequiredService<ILoggerFactory>(), most, options,
        provider.GetRequiredService<Pooler>().IsThere);

    /// <param name="most">Connections; null: as the connection string says, else 60.</param>
    /// <param name="options">Of the server's settings, for all sessions; added to those of the connection string, unless a pooler is in between.</param>
    /// <param name="isPooled">A pooler is in between.</param>
    internal static NpgsqlDataSource CreateDataSource(string connectionString, ILoggerFactory? loggers = null, int? most = null, string? options = null, bool isPooled = false)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            // No session of ours holds state (no SET, no session lock, no LISTEN), so there is nothing to reset between uses.
            // With prepared statements the reset would be a round trip and a transaction of its own each time.
            NoResetOnClose = true,
        };

        // Every statement here and in Hangfire is a constant text, so all of them are worth preparing.
        if (!settings.ShouldSerialize("Max Auto Prepare")) settings.MaxAutoPrepare = isPooled ? 0 : 200;
        if (!settings.ShouldSerialize("Auto Prepare Min Usages")) settings.AutoPrepareMinUsages = 2;
        // A time-out of the operator's for idle sessions is meant for people's: a pooled one that it ends fails whoever takes it next.
        if (!isPooled) settings.Options = $"-c idle_session_timeout=0 {settings.Options} {options}".Trim();
        // What is idle for long is forgotten by firewalls on the way.
        if (!settings.ShouldSerialize("TCP Keepalive")) (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, 30, 10);
        // What pg_stat_activity shows: MetaAdsJobs.Api or MetaAdsJobs.Worker, unless the operator has named it.
        settings.ApplicationName ??= System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name;
        if (most is { } few) (settings.MinPoolSize, settings.MaxPoolSize) = (0, few);
        else if (!connectionString.Contains("Pool Size", StringComparison.OrdinalIgnoreCase)) settings.MaxPoolSize = 60;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        if (loggers is not null) builder.UseLoggerFactory(loggers);
        // Of several hosts Npgsql itself takes the one that is written to.
        if (!settings.Host!.Contains(',')) builder.UsePhysicalConnectionInitializer(ReadOnlyServerException.ThrowIfReadOnly, connection =>
        {
            ReadOnlyServerException.ThrowIfReadOnly(connection);
            return Task.CompletedTask;
        });
        // Only as part of something: each look of an idle worker at its queue would be a trace of its own otherwise.
        builder.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is { Recorded: true })
            .ConfigureBatchFilter(_ => Activity.Current is { Recorded: true })
            .ConfigureCopyOperationFilter(_ => Activity.Current is { Recorded: true })
            .EnablePhysicalOpenTracing(false)
            .EnableFirstResponseEvent(false));
        return builder.Build();
    }

    /// <summary>Migrates before anything else of the process starts; a database that cannot be used is told in one line.</summary>
    public static void Migrate(this IHost host)
    {
        var (url, key) = (host.Services.GetRequiredService<DatabaseOptions>().Url, host.Services.GetRequiredService<DatabaseOptions>().DataProtectionKey);
        TellInOneLine(url, () =>
        {
            Migrations.Apply(DatabaseUrl.ToConnectionString(url), host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Migrations"));
            using var connection = host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnection();
            host.Services.GetRequiredService<ServiceClock>().Read(connection);

            // With a wrong key every run would fail, and every token given meanwhile would be lost with it.
            if (!host.Services.GetRequiredService<KeyRing>().OpensWith(key))
                throw new ConfigurationException("DATA_PROTECTION_KEY: " + (string.IsNullOrEmpty(key) ? "is not set, but" : "does not open") + " the keys stored in the database"
                    + (string.IsNullOrEmpty(key) ? " were encrypted with one" : ": it is not the one they were encrypted with"));
            host.Services.GetRequiredService<FirstKey>().Ensure();
        });
    }

    internal static void TellInOneLine(string url, Action use)
    {
        try
        {
            use();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            var role = new NpgsqlConnectionStringBuilder(DatabaseUrl.ToConnectionString(url)).Username;
            throw new ConfigurationException($"DATABASE_URL: the role {role} may not do what it has to: {exception.MessageText}. docs/hosting.md lists the privileges", exception);
        }
        catch (DbException exception)
        {
            throw new ConfigurationException($"DATABASE_URL: the database cannot be used: {exception.Message}", exception);
        }
    }
}
