namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Histories use the processors all the time, and most of the other tests wait most of the time: begun first, they go on beside those.
/// NUnit takes set-up fixtures by their order, and the others by their names.
/// </summary>
[SetUpFixture, Parallelizable(ParallelScope.Self | ParallelScope.Fixtures), Property("Order", 0)]
public sealed class SimulationsFirst;
