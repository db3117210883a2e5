using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>Lists the audiences that an account has at Meta, a page at a time.</summary>
public sealed class ListAudiences
{
    private readonly AccountQuestions _questions;
    private readonly MetaAudiences _meta;

    internal ListAudiences(AccountQuestions questions, MetaAudiences meta) => (_questions, _meta) = (questions, meta);

    /// <param name="cursor">Of the page before; null for the first.</param>
    public Task<TargetingFound> ExecuteAsync(Guid accountId, AudienceKind kind, int limit, string? cursor, CancellationToken ct) =>
        _questions.AskAsync(accountId, async (_, credential) =>
        {
            try
            {
                var (found, next) = await _meta.ListAsync(credential, kind, limit, cursor, ct);
                return new TargetingFound.Audiences([.. found.Select(ToAudience)], next);
            }
            catch (MetaException exception) when (exception.IsTooMuchAsked || (cursor is not null && exception.IsRequestRefused))
            {
                var errors = new FieldErrors();
                errors.Add(exception.IsTooMuchAsked ? "limit" : "cursor", exception.ForUser);
                return new TargetingFound.Invalid(errors);
            }
        }, ct);

    private static Audience ToAudience(MetaAudience one)
    {
        (JsonObject, IReadOnlyList<string>)? kept = one.Targeting is null ? null : TargetingValidation.ReadKept(one.Targeting);
        return new(one.Id, one.Name, one.Subtype, one.PeopleMin, one.PeopleMax, one.NotUsable, kept?.Item1, kept?.Item2);
    }
}
