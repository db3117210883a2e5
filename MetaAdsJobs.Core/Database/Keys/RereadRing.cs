using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>The ring as it stands in the database now: ASP.NET's own looks there once a day, and another process may have made a key since. It makes no key.</summary>
internal sealed class RereadRing(KeyRing ring, DatabaseOptions options, ILoggerFactory loggers)
{
    public IDataProtectionProvider Read()
    {
        var services = new ServiceCollection();
        services.AddSingleton(ring).AddSingleton(options).AddSingleton(loggers).AddSingleton<IConfigureOptions<KeyManagementOptions>, KeyRingSetup>();
        services.AddDataProtection().SetApplicationName(DatabaseServices.ApplicationName).DisableAutomaticKeyGeneration();
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
    }
}
