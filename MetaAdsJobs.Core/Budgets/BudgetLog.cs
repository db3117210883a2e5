using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Budgets;

/// <summary>Events 17000-17099.</summary>
internal static partial class BudgetLog
{
    [LoggerMessage(17000, LogLevel.Information, "Decided about {Pools} budget pools: {Proposed} proposals, {Written} of them written")]
    public static partial void Decided(ILogger logger, int pools, int proposed, int written);

    [LoggerMessage(17001, LogLevel.Information, "Proposal {ProposalId} of budget pool {PoolId}: {State}; {Why}")]
    public static partial void Ended(ILogger logger, Guid proposalId, Guid poolId, string state, string? why);

    [LoggerMessage(17002, LogLevel.Error, "Proposal {ProposalId} could not be carried further")]
    public static partial void NotCarriedOn(ILogger logger, Exception exception, Guid proposalId);
}
