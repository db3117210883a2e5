using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Insights.Definitions;

public static class DefinitionServices
{
    public static IServiceCollection AddReportDefinitions(this IServiceCollection services) => services
        .AddSingleton<ReportDefinitionStore>()
        .AddSingleton<DefineReport>();
}
