using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>What a clip would become in an account.</summary>
/// <param name="State">accepted, existing, refused, held or over_limit.</param>
/// <param name="Request">The rendered request; null where there is no template.</param>
/// <param name="Errors">Why not, by the paths of the request, or by the limit's name.</param>
/// <param name="RequestId">Of one that exists.</param>
/// <param name="DailyCents">What may be spent in a day by it.</param>
public sealed record ClipPlan(string State, JsonObject? Request, IDictionary<string, string[]> Errors, Guid? RequestId = null, long DailyCents = 0)
{
    /// <summary>The clip, by the id that the request has; null of what is not accepted.</summary>
    internal Clip? Shown { get; init; }

    internal static ClipPlan Refused(JsonObject? request, string field, string message) => new("refused", request, new Dictionary<string, string[]> { [field] = [message] });
}

/// <summary>Judges what a clip would become by all rules that a request is judged by, and by the publisher's own limits. Writes nothing.</summary>
internal sealed class PlanClip(NpgsqlDataSource dataSource, ClipStore clips, AccountStore accounts, AcceptOrchestration accept, TimeProvider time)
{
    /// <param name="byPerson">A person wants it: limits are for what comes by itself, and so is the template's wish to be asked.</param>
    public async Task<ClipPlan> ExecuteAsync(Publisher publisher, ClipTemplate? template, PublishedClip clip, Guid accountId, bool byPerson, CancellationToken ct)
    {
        var begun = await BegunAsync(publisher.Id, clip.Key, accountId, ct);
        if (begun.RequestId is { } made) return new("existing", null, new Dictionary<string, string[]>(), made);
        if (template is null) return ClipPlan.Refused(null, ClipRendering.Account, $"the publisher {publisher.Name} has no template for the account {accountId}");
        var shown = clip.Shown with { Id = PublishedClip.IdOf(publisher.Id, clip.Key, clip.Shown) };
        // Of what is public anybody can make that id, and put something else under it before the clip is told of: then it has one of its own.
        if (await clips.IsSameAsync(shown, ct) == false) shown = shown with { Id = Guid.CreateVersion7(time.GetUtcNow()) };
        var (request, judged, errors) = await JudgeAsync(publisher, template, name => clip.Tells(name) ?? template.Defaults.GetValueOrDefault(name), shown, ct);
        if (judged is null) return new("refused", request, errors.ToDictionary());
        var cents = judged.Request!.DailyAmountCents(time.GetUtcNow());
        if (!byPerson && template.Approval) return new("held", request, new Dictionary<string, string[]>(), DailyCents: cents);
        if (!byPerson && begun.Runs >= publisher.RunsPerDay)
            return new("over_limit", request, new Dictionary<string, string[]> { ["runs_per_day"] = [$"the publisher has begun {begun.Runs} runs within 24 hours, and may begin {publisher.RunsPerDay}"] }, DailyCents: cents);
        if (!byPerson && begun.DailyCents + cents > template.DailyCapCents)
            return new("over_limit", request, new Dictionary<string, string[]> { ["daily_cap_cents"] = [$"daily budgets of {begun.DailyCents} were begun in this account within 24 hours, with this one's {cents} more than {template.DailyCapCents}"] }, DailyCents: cents);
        return new("accepted", request, new Dictionary<string, string[]>(), DailyCents: cents) { Shown = shown };
    }

    /// <summary>Renders and judges by the rules of requests alone.</summary>
    /// <returns>No judgement where something is wrong; no request where the account's day is not known.</returns>
    public async Task<(JsonObject? Request, Judged? Judged, FieldErrors Errors)> JudgeAsync(Publisher publisher, ClipTemplate template, Func<string, string?> valueOf, Clip shown, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var account = await accounts.FindAsync(template.SocialAccountId, ct);
        // It keeps the clip from no other account, and stays open in the log for as long as the machine does not know the zone.
        if (account is not null && !AccountZones.IsKnown(account.TimezoneName))
        {
            errors.Add(ClipRendering.Account, $"is in the time zone {account.TimezoneName}, which this machine does not know: whoever operates this service adds it to the machine");
            return (null, null, errors);
        }

        var today = AccountDays.Today(account?.TimezoneName ?? "UTC", time.GetUtcNow());
        var request = ClipRendering.Make(template.Request, valueOf, new(template.SocialAccountId, shown.Id, today, publisher.Name), errors);
        var judged = await accept.JudgeAsync(JsonSerializer.SerializeToElement(request), (shown.Id, shown.IsImage), ct);
        Tell(judged, errors);
        return (request, errors.Any ? null : judged, errors);
    }

    private static void Tell(Judged judged, FieldErrors errors)
    {
        switch (judged.Refusal)
        {
            case Acceptance.Invalid invalid:
                // What could not be put in is told already; an empty text in its place is no second mistake.
                foreach (var (path, messages) in invalid.Errors.ToDictionary())
                    if (!errors.Has(path))
                        foreach (var message in messages) errors.Add(path, message);
                break;
            case Acceptance.UnknownAccount unknown:
                errors.Add(ClipRendering.Account, $"there is no social account {unknown.Id}");
                break;
            case Acceptance.UnknownClip unknown:
                errors.Add(ClipRendering.ClipId, $"there is no clip {unknown.Id}");
                break;
        }

        if (judged.Request?.ValidateOnly == true) errors.Add("validate_only", "is not for templates: a preview shows what a clip would become");
    }

    private async Task<Begun> BegunAsync(Guid publisherId, string clipKey, Guid accountId, CancellationToken ct)
    {
        // In the ad account as Meta has it: a row of it that was retired may have left its campaigns as they are. Of a run there that has ended, and left nothing, it is made.
        var begunSql = $"""
            SELECT (SELECT r.request_id FROM clip_runs r JOIN social_accounts a ON a.id = r.social_account_id
                    WHERE r.publisher_id = @PublisherId AND r.clip_key = @ClipKey
                      AND {AccountPairs.AtMeta("a.ad_account_id")} = (SELECT {AccountPairs.AtMeta("o.ad_account_id")} FROM social_accounts o WHERE o.id = @AccountId)
                      AND (r.social_account_id = @AccountId OR NOT EXISTS (
                          SELECT 1 FROM orchestrations e WHERE e.request_id = r.request_id AND e.status IN ('failed', 'cancelled') AND NOT EXISTS (
                              SELECT 1 FROM orchestration_steps s WHERE s.request_id = e.request_id AND s.state IN ('started', 'confirmed', 'left') AND split_part(s.step, ':', 1) NOT IN ('media', 'activate', 'validate'))))
                    ORDER BY r.social_account_id <> @AccountId, r.made_at DESC LIMIT 1) AS request_id,
                   count(*)::int AS runs, COALESCE(sum(daily_cents) FILTER (WHERE social_account_id = @AccountId), 0)::bigint AS daily_cents
            FROM clip_runs WHERE publisher_id = @PublisherId AND made_at > @Since AND NOT by_person
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<Begun>(new(begunSql, new { PublisherId = publisherId, ClipKey = clipKey, AccountId = accountId, Since = time.GetUtcNow().AddHours(-24) }, cancellationToken: ct));
    }

    private sealed record Begun
    {
        public Guid? RequestId { get; init; }
        public int Runs { get; init; }
        public long DailyCents { get; init; }
    }
}
