using System.Collections.Concurrent;
using MetaAdsJobs.Tests.Support;
using NUnit.Framework.Interfaces;

namespace MetaAdsJobs.Tests.Api;

/// <summary>Services of one kind, as many as there are fixtures at a time that want one: a fixture has its own until it ends, then another takes it.</summary>
internal sealed class FixtureServices(Func<Task<Service>> start) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Service>>> _taken = new();
    private readonly ConcurrentBag<Lazy<Task<Service>>> _free = [];

    /// <summary>The service of the fixture whose set-up or test asks.</summary>
    public Task<Service> TakeAsync()
    {
        var fixture = TestContext.CurrentContext.Test.Type!;
        if (!fixture.IsDefined(typeof(HasServiceAloneAttribute), inherit: true))
            throw new InvalidOperationException($"{fixture.Name} must say [HasServiceAlone], else nobody gives its service back.");
        return _taken.GetOrAdd(fixture.FullName!, _ => new(() => (_free.TryTake(out var free) ? free : new(start)).Value)).Value;
    }

    public void GiveBack(string fixture)
    {
        if (_taken.TryRemove(fixture, out var service)) _free.Add(service);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _free.Concat(_taken.Values)) await (await service.Value).DisposeAsync();
    }
}

/// <summary>The fixture has the services that it takes of <see cref="SharedServices"/> for itself until it ends.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class HasServiceAloneAttribute : TestActionAttribute
{
    public override ActionTargets Targets => ActionTargets.Suite;

    public override void AfterTest(ITest test) => SharedServices.GiveBack(test.ClassName!);
}
