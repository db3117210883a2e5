using MetaAdsJobs.Core.Access;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.People;

public static class PeopleServices
{
    public static IServiceCollection AddPeople(this IServiceCollection services) => services
        .AddSingleton<ThingAccounts>().AddSingleton<CallerReader>().AddSingleton<UserStore>().AddSingleton<SaveUser>().AddSingleton<ApiKeyStore>().AddSingleton<AccountGroups>().AddSingleton<SessionStore>().AddSingleton<SignInLinks>().AddSingleton<SignInPerson>();
}
