using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Takes minutes: run by ./test --long, and by a filter that names it; by nothing else.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class LongAttribute : NUnitAttribute, IApplyToTest
{
    public const string Category = "Long";

    public void ApplyToTest(Test test)
    {
        test.Properties.Add(PropertyNames.Category, Category);
        if (test.RunState != RunState.NotRunnable) test.RunState = RunState.Explicit;
    }
}
