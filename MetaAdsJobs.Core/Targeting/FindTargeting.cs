using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>Searches Meta's places, interests, languages and the rest with an account's token.</summary>
public sealed class FindTargeting
{
    private readonly AccountQuestions _questions;
    private readonly MetaTargeting _meta;

    internal FindTargeting(AccountQuestions questions, MetaTargeting meta) => (_questions, _meta) = (questions, meta);

    public Task<TargetingFound> ExecuteAsync(Guid accountId, TargetingKind kind, string text, CancellationToken ct) =>
        _questions.AskAsync(accountId, async (_, credential) => new TargetingFound.Options(await _meta.SearchAsync(credential, kind, text, ct)), ct);
}
