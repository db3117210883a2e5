using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>Binds an options class to its section and refuses the start, naming each wrong key the way a person sets it.</summary>
public static class OptionsServices
{
    public static IServiceCollection AddOptionsFor<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddOptions<T>().ValidateOnStart();
        services.AddSingleton(provider => new OptionsSection<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        services.AddSingleton<IConfigureOptions<T>>(provider => provider.GetRequiredService<OptionsSection<T>>());
        services.AddSingleton<IValidateOptions<T>>(provider => provider.GetRequiredService<OptionsSection<T>>());
        return services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
    }

    /// <summary>For a check that looks at another class of options: null when those are wrong themselves, which is told without it.</summary>
    public static T? ValueIfRight<T>(this IOptions<T> options) where T : class
    {
        try
        {
            return options.Value;
        }
        catch (OptionsValidationException)
        {
            return null;
        }
    }
}
