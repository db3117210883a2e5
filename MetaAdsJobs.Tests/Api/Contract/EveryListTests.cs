using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Every list can be asked for by account, clip, person, date and change, or it stands here with the reason why not; docs/api.md tells the same.</summary>
[TestFixture]
public sealed class EveryListTests
{
    private const string Short = "short, and of one thing or person";
    private const string AtMeta = "asked of Meta, which knows none of these";
    private const string All = "account clip person date change";

    // What each kind of filter is called in one list or the other.
    private static readonly (string Kind, string[][] Names)[] Kinds =
    [
        ("account", [["social_account_id"]]),
        ("clip", [["clip_id"]]),
        ("person", [["requested_by"], ["asked_by"], ["created_by"], ["person"]]),
        ("date", [["since", "until"], ["from", "until"]]),
        ("change", [["changed_since"]]),
    ];

    private static readonly (string List, string Without, string Why)[] Exceptions =
    [
        ("searchTargeting", "clip person date change", AtMeta),
        ("listAccountAudiences", All, AtMeta),
        ("listChanges", "clip change", "what is written there never changes, and is of runs and things by their ids"),
        ("getBatchReport", All, "a whole file, row by row as it was sent"),
        ("getDue", "change", "a timetable of edits and runs, which tell their changes; what is due no longer is not in it"),
        ("listFreezes", "clip", "of an account, whatever it shows"),
        ("listInsights", "clip person change", "numbers of days, made by nobody; restated values tell the changes, and campaigns their clips"),
        ("listInsightRows", "clip person change", "numbers of days, made by nobody"),
        ("listInsightChanges", "clip person", "numbers of days, made by nobody"),
        ("listInsightDays", "clip person change", "the standing of days, made by nobody"),
        ("listInsightSyncs", "clip", "of all that an account shows"),
        ("listInsightNights", "account clip person change", "of all accounts, begun by itself; its syncs are listed by all of these"),
        ("listAccountReports", All, Short),
        ("listAccounts", "account clip person", "accounts themselves; who added one is in the audit"),
        ("listClips", "clip", "clips themselves"),
        ("listWebhooks", "clip", "of accounts, whatever they show"),
        ("listWebhookDeliveries", "clip person", "of events, sent by itself"),
        ("listAlerts", "clip", "of numbers and accounts, whatever they show"),
        ("listAlertRules", "clip", "of numbers and accounts, whatever they show"),
        ("listBudgetPools", "clip", "of budgets, whatever they are spent on"),
        ("listBudgetPoolProposals", "account clip person change", "of one pool, made by itself, one a day"),
        ("listExperimentVerdicts", All, Short),
        ("listPublishers", All, Short),
        ("listPublisherTemplates", All, Short),
        ("listPublisherEvents", "clip person", "sent by the publisher, with its own id of the clip: clip_key"),
        ("listUsers", "clip person", "persons themselves: search"),
        ("listUserKeys", "account clip person", "of one person"),
        ("listUserSessions", All, Short),
        ("listKeys", "account clip", "of persons: users are listed by account"),
        ("listMeKeys", "account clip person", "of the caller"),
        ("listMeSessions", All, Short),
        ("listAccountGroups", All, Short),
    ];

    private static IEnumerable<string> Lists => Call.All.Where(call => call is { IsOurs: true, Method: "GET" } && IsList(call)).Select(NameOf);

    [TestCaseSource(nameof(Lists))]
    public void A_list_is_asked_for_by_account_clip_person_date_and_change_or_says_why_not(string list)
    {
        var parameters = Call.All.Single(call => NameOf(call) == list).Parameters.Select(parameter => (string)parameter["name"]!).ToHashSet();
        var without = Kinds.Where(kind => !kind.Names.Any(names => names.All(parameters.Contains))).Select(kind => kind.Kind);
        Assert.That(without, Is.EqualTo(Exceptions.SingleOrDefault(one => one.List == list).Without?.Split(' ') ?? []), $"{list}: give it these filters, or tell here and in docs/api.md why it has none");
    }

    [Test]
    public void No_reason_is_told_of_a_list_that_there_is_not() => Assert.That(Exceptions.Select(one => one.List), Is.Unique.And.SubsetOf(Lists.ToList()));

    private static string NameOf(Call call) => (string)call.Json["operationId"]!;

    private static bool IsList(Call call) => call.Answers.Where(answer => answer.Code == 200).Select(answer => Resolved(answer.Answer["content"]?["application/json"]?["schema"]))
        .Any(schema => schema?["properties"]?["items"] is not null || (schema?["type"] is JsonValue type && (string?)type == "array"));

    private static JsonNode? Resolved(JsonNode? schema) => (string?)schema?["$ref"] is { } reference ? Document.Json["components"]!["schemas"]![reference.Split('/')[^1]] : schema;
}
