using Hangfire.Common;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Jobs are stored under a kind that survives the renaming of a class, not under the class's name.</summary>
internal static class JobKinds
{
    private static readonly Dictionary<string, Type> Types = new()
    {
        [OrchestrationJob.Kind] = typeof(OrchestrationJob),
        [InsightSyncJob.Kind] = typeof(InsightSyncJob),
        [NightlySyncJob.Kind] = typeof(NightlySyncJob),
        [TokenCheckJob.Kind] = typeof(TokenCheckJob),
        [PauseSpendingJob.Kind] = typeof(PauseSpendingJob),
        [ResumeSpendingJob.Kind] = typeof(ResumeSpendingJob),
        [SweepJob.Kind] = typeof(SweepJob),
    };

    private static readonly Dictionary<Type, string> Kinds = Types.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static string Serialize(Type type) => Kinds.GetValueOrDefault(type) ?? TypeHelper.SimpleAssemblyTypeSerializer(type);

    public static Type Resolve(string name) => Types.GetValueOrDefault(name) ?? TypeHelper.IgnoredAssemblyVersionTypeResolver(name);
}
