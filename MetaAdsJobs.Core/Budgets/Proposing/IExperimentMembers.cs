using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>Which objects are compared with others just now: whoever moved their budgets would spoil the comparison.</summary>
internal interface IExperimentMembers
{
    /// <returns>Those of the given campaigns and ad sets, by Meta's ids, that are of an experiment which is not over.</returns>
    Task<IReadOnlySet<string>> ListAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<string> metaIds, CancellationToken ct);
}

/// <summary>Where there are no experiments.</summary>
internal sealed class NoExperiments : IExperimentMembers
{
    public Task<IReadOnlySet<string>> ListAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<string> metaIds, CancellationToken ct) =>
        Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());
}
