using Npgsql;

namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// All pools of this process. A server that is set read only, with no connection cut, keeps what they hold: every write over those would be refused for as long as the process lives, wherever the name leads
/// by then. Who finds one of them read only gives up them all; each new connection looks by itself (<see cref="ReadOnlyServerException"/>).
/// </summary>
public sealed class ConnectionPools
{
    private readonly IReadOnlyList<NpgsqlDataSource> _pools;

    internal ConnectionPools(IReadOnlyList<NpgsqlDataSource> pools) => _pools = pools;

    /// <summary>What is idle is closed at once, what is in use when it is given back.</summary>
    public void Clear()
    {
        foreach (var pool in _pools) pool.Clear();
    }
}
