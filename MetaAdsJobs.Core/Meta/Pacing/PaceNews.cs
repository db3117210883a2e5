using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>What one process has learnt of an account's limit and the others should know.</summary>
/// <param name="BlockedUntil">Null when nothing keeps calls out.</param>
/// <param name="Percent">Null when no usage is remembered.</param>
/// <param name="Age">How long ago the usage was read.</param>
internal sealed record PaceNews(string AdAccountId, UseCase UseCase, DateTimeOffset? BlockedUntil, double? Percent, TimeSpan Age, string? Reason);
