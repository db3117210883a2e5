using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>Something that a run was asked for, and its copy does not say.</summary>
/// <param name="Path">Where it stood; without the number of an ad set or ad when all of them had it.</param>
public sealed record LeftOut(string Path, string Reason);

/// <summary>What a run was asked for, to be asked for again.</summary>
/// <param name="Request">A body for POST /meta/orchestrate/run. Of several ad sets and ads, what most of them say stands at the top.</param>
/// <param name="LeftOut">What would be wrong, or something else, if it were asked for again.</param>
public sealed record RequestCopy(OrchestrationRequest Request, IReadOnlyList<LeftOut> LeftOut)
{
    private const string End = "end_time";
    private const string AutoPublish = "auto_publish";

    /// <summary>Ids that mean something in one ad account only, and who answers for its ads.</summary>
    internal static readonly string[] OfAccount =
    [
        "campaign_id", "ad_set_id", "pixel_id", "lead_gen_form_id", "dsa_beneficiary", "dsa_payor", "targeting.custom_audiences", "targeting.excluded_custom_audiences", "post_id", "instagram_media_id", "instagram_user_id",
    ];

    internal static readonly string[] Amounts = ["daily_budget_cents", "lifetime_budget_cents", "bid_amount_cents", "min_spend_cents", "max_spend_cents"];

    internal static readonly string[] Times = ["start_time", End];

    internal static RequestCopy Of(OrchestrationRequest asked, SocialAccount from, SocialAccount to, DateTimeOffset now)
    {
        var body = JsonNode.Parse(asked.ToJson())!.AsObject();
        body["social_account_id"] = to.Id;
        RequestParts.Spread(body);
        var leftOut = new List<LeftOut>();
        if (to.Id != from.Id)
        {
            Leave(OfAccount, "belongs to the account of the run", _ => true);
            Leave(["targeting.flexible_spec"], "names audiences of the account of the run", groups => groups.AsArray().Any(group => group!["custom_audiences"] is not null));
        }

        if (to.Currency != from.Currency) Leave(Amounts, "is an amount in another currency", _ => true);
        Leave([RequestParts.ActivateAt], "is past", value => LocalMoments.Read((string)value!, TimeZoneInfo.FindSystemTimeZoneById(to.TimezoneName)).At is not { } at || at <= now);
        Leave(Times, "is past", value => DateTimeOffset.Parse((string)value!, CultureInfo.InvariantCulture) <= now);
        if (asked.AutoPublish && leftOut.Exists(field => field.Path.EndsWith(End, StringComparison.Ordinal)))
        {
            body[AutoPublish] = false;
            leftOut.Add(new(AutoPublish, "would activate what has no end any more"));
        }

        RequestParts.Gather(body);
        return new(OrchestrationRequest.FromJson(body.ToJsonString()), leftOut);

        void Leave(string[] paths, string reason, Func<JsonNode, bool> isToGo)
        {
            foreach (var path in paths)
                foreach (var level in Levels(body))
                {
                    var had = level.Where(place => Remove(place.Node, path, isToGo)).ToList();
                    leftOut.AddRange(had.Count == level.Count ? had.Take(1).Select(_ => new LeftOut(path, reason)) : had.Select(place => new LeftOut(place.At + path, reason)));
                }
        }
    }

    // The top, all ad sets, and all ads.
    private static IEnumerable<IReadOnlyList<(string At, JsonObject Node)>> Levels(JsonObject body)
    {
        yield return [("", body)];
        List<(string At, JsonObject Node)> sets = [.. Below("", body, RequestParts.AdSets)];
        yield return sets;
        yield return [.. sets.SelectMany(set => Below(set.At, set.Node, RequestParts.Ads))];
    }

    private static IEnumerable<(string At, JsonObject Node)> Below(string at, JsonObject parent, string list) =>
        (parent[list] as JsonArray ?? []).Select((item, index) => ($"{at}{list}[{index}].", item!.AsObject()));

    private static bool Remove(JsonObject node, string path, Func<JsonNode, bool> isToGo) => path.Split('.', 2) switch
    {
        [var outer, var inner] => node[outer] is JsonObject held && Remove(held, inner, isToGo),
        [var name] => node[name] is { } value && isToGo(value) && node.Remove(name),
        _ => false,
    };
}
