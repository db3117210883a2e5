using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.People;

public static class PeopleServices
{
    public static IServiceCollection AddPeople(this IServiceCollection services) => services
        .AddSingleton(provider => new ThingAccounts(provider.GetRequiredService<NpgsqlDataSource>()))
        .AddSingleton(provider => new CallerReader(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>()))
        // For who stops: behind nothing else.
        .AddKeyedSingleton(Connections.OfCallers, (provider, key) => new ThingAccounts(provider.GetRequiredKeyedService<NpgsqlDataSource>(key)))
        .AddKeyedSingleton(Connections.OfCallers, (provider, key) => new CallerReader(provider.GetRequiredKeyedService<NpgsqlDataSource>(key), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<UserStore>().AddSingleton<SaveUser>().AddSingleton<ApiKeyStore>().AddSingleton<AccountGroups>().AddSingleton<SessionStore>().AddSingleton<SignInLinks>().AddSingleton<SignInPerson>();
}
