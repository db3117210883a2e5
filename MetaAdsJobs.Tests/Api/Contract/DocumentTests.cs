using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>The description, call by call: named, typed, bounded, and with every answer. CheckedInTests hold it to what is served.</summary>
[TestFixture]
public sealed partial class DocumentTests
{
    // Texts that Meta, callers or later versions make up: their words are no closed set.
    private static readonly string[] Open =
    [
        "effective_status", "result_type", "object", "effect", "ending", "reason", "wait_reason", "block_reason", "off_reason", "proposal", "what", "type", "content_type", "event_types", "spending", "outcome", "objective",
        "ObjectIssue.level", "ResultIssue.level", "Restatement.metric",
    ];

    [Test]
    public void Every_call_has_a_name_of_its_own_by_one_convention()
    {
        var names = Calls.Select(call => (string?)call.Json["operationId"]).ToList();
        Assert.That(names, Is.Unique.And.All.Matches("^[a-z]+[A-Za-z]*$"));
        Assert.That(Named("POST /meta/orchestrate/run", "GET /meta/orchestrate/runs", "GET /meta/orchestrate/runs/{requestId}", "POST /meta/orchestrate/runs/{requestId}/cancel", "POST /meta/orchestrate/sync-insights/{socialAccountId}",
            "POST /meta/orchestrate/batch", "GET /meta/batches/{batchId}/report.csv", "POST /meta/accounts", "PATCH /meta/accounts/{id}", "DELETE /meta/webhooks/{id}", "POST /meta/campaigns/{id}/publish", "POST /meta/alerts/rules/{id}/try",
            "POST /meta/alerts/rules/try", "PUT /meta/clips/{id}/file", "GET /meta/webhooks/{id}/deliveries/{delivery}", "POST /meta/accounts/{accountId}/campaigns/{id}/adopt"),
            Is.EqualTo((string[])
            [
                "runOrchestration", "listRuns", "getRun", "cancelRun", "syncInsights", "createBatch", "getBatchReportCsv", "createAccount", "updateAccount", "deleteWebhook", "publishCampaign", "tryAlertRule", "tryAlertRules", "putClipFile",
                "getWebhookDelivery", "adoptAccountCampaign",
            ]));

        IEnumerable<string?> Named(params string[] calls) => calls.Select(name => (string?)Calls.Single(call => $"{call.Method} {call.Path.TrimEnd('/')}" == name).Json["operationId"]);
    }

    [Test]
    public void Every_call_says_what_it_is_for_and_all_that_it_may_answer() => Assert.Multiple(() =>
    {
        foreach (var call in Calls)
        {
            Assert.That((string?)call.Json["summary"], Is.Not.Null.And.Not.Empty, $"{call}: no summary");
            Assert.That(call.Codes.Any(code => code is >= 200 and < 300), $"{call}: no success");
            if (!call.IsOurs) continue;
            List<int> expected = [401, 403, 406, 500, 503];
            if (call.Path.Contains('{', StringComparison.Ordinal)) expected.Add(404);
            if (call.Json["requestBody"] is not null) expected.AddRange([400, 413, 415, 422]);
            if (call.Parameters.Any(parameter => (string?)parameter["in"] == "query")) expected.Add(422);
            if (!Unlimited().IsMatch(call.Path)) expected.Add(429);
            Assert.That(call.Codes, Is.SupersetOf(expected.Distinct()), $"{call}");
            Assert.That(call.Codes.Contains(429), Is.EqualTo(!Unlimited().IsMatch(call.Path)), $"{call}: the stop switch alone has no limit");
            if (call.Codes.Contains(304)) Assert.That(call.Parameters.Select(parameter => (string?)parameter["name"]), Does.Contain("If-None-Match"), $"{call}");
        }
    });

    [Test]
    public void Every_refusal_is_the_one_problem_and_names_its_codes() => Assert.Multiple(() =>
    {
        var known = Schemas["Problem"]!["properties"]!["code"]!["enum"]!.AsArray().Select(code => (string)code!).ToList();
        foreach (var call in Calls.Where(call => call.IsOurs))
            foreach (var (code, answer) in call.Answers.Where(answer => answer.Code >= 400))
            {
                Assert.That((string?)answer["content"]?["application/problem+json"]?["schema"]?["$ref"], Is.EqualTo("#/components/schemas/Problem"), $"{call} {code}");
                var told = ((string)answer["description"]!).Split("Codes: ")[^1].Split(", ");
                Assert.That(told, Is.SubsetOf(known).And.Not.Empty, $"{call} {code}");
                if (code is 429 or 503) Assert.That(answer["headers"]!.AsObject().Select(header => header.Key), Does.Contain("Retry-After"), $"{call} {code}");
            }
    });

    // Made, or begun, and nothing else to look at.
    private static readonly string[] InPlace = ["POST /meta/events/clip-published", "POST /meta/users/{id}/keys", "POST /meta/webhooks/{id}/deliveries/{delivery}/replay", "POST /meta/webhooks/{id}/replay"];

    [Test]
    public void Every_answer_tells_its_headers() => Assert.Multiple(() =>
    {
        foreach (var call in Calls.Where(call => call.IsOurs))
            foreach (var (code, answer) in call.Answers)
            {
                var headers = answer["headers"]?.AsObject().Select(header => header.Key).ToList() ?? [];
                Assert.That(headers, Does.Contain("X-Request-Id"), $"{call} {code}");
                if (code is 201 or 202) Assert.That(headers.Contains("Location"), Is.Not.EqualTo(InPlace.Contains($"{call}")), $"{call} {code}");
                if (code is 202) Assert.That(headers.Contains("Retry-After"), Is.Not.EqualTo(InPlace.Contains($"{call}")), $"{call} {code}");
                if (code is 304) Assert.That(headers, Does.Contain("ETag"), $"{call} {code}");
            }
    });

    [Test]
    public void Every_parameter_is_typed_and_bounded() => Assert.Multiple(() =>
    {
        foreach (var call in Calls)
            foreach (var parameter in call.Parameters)
            {
                var schema = parameter["schema"]!;
                var isBounded = schema["enum"] is not null || schema["format"] is not null || schema["maxLength"] is not null || (string?)schema["type"] is "boolean";
                if ((string?)schema["type"] == "integer") isBounded = schema["minimum"] is not null && schema["maximum"] is not null;
                Assert.That(schema["type"] is JsonValue && isBounded, $"{call}: {parameter["name"]} is {schema.ToJsonString()}");
            }
    });

    [Test]
    public void Every_text_that_is_one_of_a_few_words_is_an_enum() => Assert.Multiple(() =>
    {
        foreach (var (name, schema) in Schemas)
            foreach (var (field, property) in schema!["properties"]?.AsObject() ?? [])
            {
                if (!Words().IsMatch(field) || Open.Contains(field) || Open.Contains($"{name}.{field}") || !IsText(property!)) continue;
                Assert.That(property!["enum"], Is.Not.Null, $"{name}.{field}: tell its words in Vocabulary");
            }

        foreach (var call in Calls)
            foreach (var parameter in call.Parameters.Where(parameter => Words().IsMatch((string)parameter["name"]!)))
                Assert.That(parameter["schema"]!["enum"], Is.Not.Null, $"{call}: {parameter["name"]}");
    });

    /// <summary>A generator makes "anything" of a field that has none.</summary>
    [Test]
    public void Every_field_has_a_type() => Assert.Multiple(() =>
    {
        foreach (var (name, schema) in Schemas)
            foreach (var (field, property) in schema!["properties"]?.AsObject() ?? [])
                Assert.That(((string[])["type", "$ref", "oneOf", "anyOf", "allOf", "enum"]).Any(word => property![word] is not null), $"{name}.{field} is {property!.ToJsonString()}");
    });

    [TestCase("User", "created_at", "string")]
    [TestCase("User", "disabled_at", "null", "string")]
    [TestCase("KeyBody", "expires_at", "null", "string")]
    [TestCase("ClipTold", "published_at", "null", "string")]
    [TestCase("ReplayBody", "from", "string")]
    public void A_time_is_a_text_and_null_where_there_may_be_none(string schema, string field, params string[] types)
    {
        var property = Schemas[schema]!["properties"]![field]!;
        string[] told = property["type"] is JsonArray several ? [.. several.Select(type => (string)type!)] : [(string)property["type"]!];
        Assert.That(told, Is.EquivalentTo(types));
        Assert.That((string?)property["format"], Is.EqualTo("date-time"));
    }

    [Test]
    public void Every_answer_that_has_the_version_of_what_people_change_can_be_changed_by_it() => Assert.Multiple(() =>
    {
        string[] changed = ["updateUser", "updateAccountGroup", "updateAlertRule", "updateBudgetPool", "updateWebhook", "updatePublisher", "putPublisherTemplate", "updateAccount"];
        var calls = Calls.Where(call => changed.Contains((string?)call.Json["operationId"])).ToList();
        Assert.That(calls, Has.Count.EqualTo(changed.Length));
        foreach (var call in calls)
        {
            Assert.That(call.Parameters.Select(parameter => (string?)parameter["name"]), Does.Contain("If-Match"), $"{call}");
            foreach (var one in Calls.Where(one => one.Path == call.Path && one.Method is "GET" or "PATCH" or "PUT"))
                Assert.That(one.Answers.Single(answer => answer.Code == 200).Answer["headers"]!["ETag"], Is.Not.Null, $"{one}");
        }
    });

    [Test]
    public void No_reference_leads_nowhere_and_nothing_is_described_that_nobody_uses()
    {
        var text = Document.Json.ToJsonString();
        var asked = Reference().Matches(text).Select(match => match.Groups[1].Value).ToHashSet();
        var there = Document.Json["components"]!.AsObject().Where(kind => kind.Key is not "securitySchemes").SelectMany(kind => kind.Value!.AsObject().Select(one => $"{kind.Key}/{one.Key}")).ToHashSet();
        Assert.That(asked, Is.EquivalentTo(there));
    }

    private static JsonObject Schemas => Document.Json["components"]!["schemas"]!.AsObject();

    private static IReadOnlyList<Call> Calls { get; } = [.. Call.All];

    private static bool IsText(JsonNode schema) => schema["type"] is JsonValue type ? (string?)type == "string" && schema["format"] is null : schema["type"] is JsonArray types && types.Any(one => (string?)one == "string") && schema["format"] is null;

    [GeneratedRegex(@"(^|_)(status|state|kind|level|mode|severity|thing|metric|when|compare|group_by|objective|goal|strategy|call_to_action|format|scenario|approval_required|role|source)$")]
    private static partial Regex Words();

    [GeneratedRegex(@"^/meta/(accounts/\{id\}/)?stop$")]
    private static partial Regex Unlimited();

    [GeneratedRegex("\"#/components/([^\"]+)\"")]
    private static partial Regex Reference();
}

/// <summary>One call of the description.</summary>
internal sealed record Call(string Method, string Path, JsonNode Json)
{
    public static IEnumerable<Call> All => Document.Json["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(call => new Call(call.Key.ToUpperInvariant(), path.Key, call.Value!)));

    public bool IsOurs => Path.StartsWith("/meta/", StringComparison.Ordinal);

    public IEnumerable<JsonNode> Parameters => Json["parameters"]?.AsArray().Select(parameter => parameter!) ?? [];

    public IEnumerable<(int Code, JsonNode Answer)> Answers => Json["responses"]!.AsObject().Select(answer => (int.Parse(answer.Key, null), Resolved(answer.Value!)));

    public IEnumerable<int> Codes => Answers.Select(answer => answer.Code);

    public override string ToString() => $"{Method} {Path}";

    private static JsonNode Resolved(JsonNode answer) => (string?)answer["$ref"] is { } reference ? Document.Json["components"]!["responses"]![reference.Split('/')[^1]]! : answer;
}
