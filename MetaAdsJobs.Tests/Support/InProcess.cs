using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The service's modules in this process, on a database of their own: for what is tested below HTTP and processes.</summary>
public sealed class InProcess : IAsyncDisposable
{
    private readonly ServiceProvider _provider;

    private InProcess(TestDatabase database, ServiceProvider provider) => (Database, _provider) = (database, provider);

    public TestDatabase Database { get; }

    public static async Task<InProcess> CreateAsync(TimeProvider? time = null, params (string Name, string Value)[] settings) =>
        Create(await TestDatabase.CreateAsync(), time, settings);

    /// <param name="database">Dropped with this.</param>
    public static InProcess Create(TestDatabase database, TimeProvider? time, params (string Name, string Value)[] settings)
    {
        return new(database, Configure(database.ConnectionString, time, settings));
    }

    /// <summary>The modules alone, on anybody's database.</summary>
    internal static ServiceProvider Configure(string connectionString, TimeProvider? time, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        // Numbers that were just written count for pools whatever the time is.
        configuration.AddInMemoryCollection([KeyValuePair.Create("NIGHTLY_SYNC_AT", (string?)"00:00")]);
        configuration.AddInMemoryCollection(settings.Append(("DATABASE_URL", connectionString)).ToDictionary(pair => pair.Item1, pair => (string?)pair.Item2));
        configuration.AddSeedKeys();
        var services = new ServiceCollection();
        // Hangfire logs through whichever host was built last, in the servers of others too: a factory that is disposed would end them.
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton<IConfiguration>(configuration).AddLogging();
        if (time is not null) services.AddSingleton(time);
        return services.AddMetaAdsJobs().AddStubGraph().BuildServiceProvider();
    }

    public T Get<T>() where T : notnull => _provider.GetRequiredService<T>();

    public T GetKeyed<T>(object key) where T : notnull => _provider.GetRequiredKeyedService<T>(key);

    /// <summary>A new account in this time zone.</summary>
    public async Task<Guid> AddAccountAsync(string timezone = "America/New_York")
    {
        var id = Guid.NewGuid();
        await Get<AccountStore>().InsertAsync(new()
        {
            Id = id, Name = $"Account in {timezone}", AdAccountId = $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", PageId = "1", Currency = "USD",
            TimezoneName = timezone, DefaultCountries = ["US"],
        }, Get<AccountTokens>().Close("a token"), CancellationToken.None);
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        await Database.DisposeAsync();
    }
}
