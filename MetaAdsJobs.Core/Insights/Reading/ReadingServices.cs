using MetaAdsJobs.Core.Insights.Watching;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Insights.Reading;

public static class ReadingServices
{
    public static IServiceCollection AddInsightReading(this IServiceCollection services) => services
        .AddSingleton<InsightReader>()
        .AddSingleton<ReportRowReader>()
        .AddSingleton<RestatementReader>()
        .AddSingleton<SyncedDayReader>()
        .AddSingleton<SyncReader>()
        .AddSingleton<NightReader>()
        .AddSingleton<NumberReader>();
}
