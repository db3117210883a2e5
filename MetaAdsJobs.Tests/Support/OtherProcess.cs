using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The database and account modules as another process of the service has them: it shares nothing but the database and the configuration.</summary>
internal static class OtherProcess
{
    /// <summary>The key that <see cref="Service"/> gives its processes.</summary>
    public static readonly string Key = Convert.ToBase64String(new byte[32]);

    public static ServiceProvider Start(string connectionString) => Start(connectionString, Key);

    public static ServiceProvider Start(string connectionString, string? dataProtectionKey)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Database:Url"] = connectionString,
            ["Database:DataProtectionKey"] = dataProtectionKey,
        }).Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddDatabase()
            .AddAccounts()
            .BuildServiceProvider();
    }
}
