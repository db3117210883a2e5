using System.Text.Json;
using CsCheck;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class MetaErrorsTests
{
    [TestCase(100, 1487390, false, true)]
    [TestCase(100, 1443226, false, true)]
    [TestCase(100, 1885252, false, true)]
    [TestCase(100, 33, false, true)]
    [TestCase(100, 1487390, true, false)]
    [TestCase(100, 1443048, false, false)]
    [TestCase(100, 1885272, false, false)]
    [TestCase(100, null, false, false)]
    [TestCase(200, 33, false, false)]
    [TestCase(190, 463, false, false)]
    public void Only_refusals_that_people_have_seen_pass_may_pass(int code, int? subcode, bool isTransient, bool expected)
    {
        var error = JsonSerializer.SerializeToElement(new { message = "No", code, error_subcode = subcode, is_transient = isTransient });
        var exception = MetaErrors.FromEnvelope(400, error, retryAfter: null);
        Assert.That(exception.MayPass, Is.EqualTo(expected));
        if (expected) Assert.That(exception.Proof, Is.EqualTo(Proof.Rejected), "nothing may be tried again that is not proven undone");
    }

    [TestCase(4, Proof.Throttled)]
    [TestCase(17, Proof.Throttled)]
    [TestCase(32, Proof.Throttled)]
    [TestCase(341, Proof.Throttled)]
    [TestCase(613, Proof.Throttled)]
    [TestCase(80000, Proof.Throttled)]
    [TestCase(80001, Proof.Throttled)]
    [TestCase(80002, Proof.Throttled)]
    [TestCase(80005, Proof.Throttled)]
    [TestCase(80006, Proof.Throttled)]
    [TestCase(80008, Proof.Throttled)]
    [TestCase(80003, Proof.Throttled)]
    [TestCase(80004, Proof.Throttled)]
    [TestCase(80009, Proof.Throttled)]
    [TestCase(80014, Proof.Throttled)]
    [TestCase(190, Proof.TokenRejected)]
    [TestCase(102, Proof.TokenRejected)]
    [TestCase(1, Proof.OutcomeUnknown)]
    [TestCase(2, Proof.OutcomeUnknown)]
    [TestCase(99, Proof.OutcomeUnknown)]
    [TestCase(104, Proof.OutcomeUnknown)]
    [TestCase(960, Proof.OutcomeUnknown)]
    [TestCase(3, Proof.Rejected)]
    [TestCase(10, Proof.Rejected)]
    [TestCase(100, Proof.Rejected)]
    [TestCase(105, Proof.Rejected)]
    [TestCase(194, Proof.Rejected)]
    [TestCase(200, Proof.Rejected)]
    [TestCase(294, Proof.Rejected)]
    [TestCase(299, Proof.Rejected)]
    [TestCase(368, Proof.AccountBlocked)]
    [TestCase(506, Proof.Rejected)]
    [TestCase(2500, Proof.Rejected)]
    [TestCase(2635, Proof.Rejected)]
    [TestCase(80010, Proof.Rejected)]
    public void A_code_proves_the_same_whatever_the_status_below_500_and_the_words(int code, Proof expected)
    {
        foreach (var status in (int[])[200, 400, 401, 403, 404])
            Assert.That(Read($$$"""{"code":{{{code}}},"message":"Zu viele Aufrufe","type":"OAuthException"}""", status).Proof, Is.EqualTo(expected), $"HTTP {status}");
    }

    [TestCase(368, true, 500, Proof.AccountBlocked)]
    [TestCase(100, false, 500, Proof.OutcomeUnknown)]
    [TestCase(100, false, 503, Proof.OutcomeUnknown)]
    [TestCase(100, true, 400, Proof.OutcomeUnknown)]
    [TestCase(17, false, 503, Proof.Throttled)]
    [TestCase(17, true, 400, Proof.Throttled)]
    [TestCase(190, true, 500, Proof.TokenRejected)]
    public void A_server_error_or_the_word_transient_leaves_open_what_a_code_does_not_settle(int code, bool transient, int status, Proof expected) =>
        Assert.That(Read($$"""{"code":{{code}},"is_transient":{{(transient ? "true" : "false")}}}""", status).Proof, Is.EqualTo(expected));

    // The subcodes Meta's pages name change nothing about what a code proves.
    [TestCase(4, 1504022, Proof.Throttled)]
    [TestCase(4, 1504039, Proof.Throttled)]
    [TestCase(17, 2446079, Proof.Throttled)]
    [TestCase(613, 1487742, Proof.Throttled)]
    [TestCase(613, 5044001, Proof.Throttled)]
    [TestCase(613, 1487632, Proof.Throttled)]
    [TestCase(1, 99, Proof.OutcomeUnknown)]
    [TestCase(100, 33, Proof.Rejected)]
    [TestCase(100, 1487534, Proof.Rejected)]
    [TestCase(100, 1885621, Proof.Rejected)]
    [TestCase(6001, 1363037, Proof.Rejected)]
    [TestCase(190, 458, Proof.TokenRejected)]
    [TestCase(190, 459, Proof.TokenRejected)]
    [TestCase(190, 460, Proof.TokenRejected)]
    [TestCase(190, 463, Proof.TokenRejected)]
    [TestCase(190, 464, Proof.TokenRejected)]
    [TestCase(190, 467, Proof.TokenRejected)]
    public void A_code_with_a_subcode_proves_what_the_code_does(int code, int subcode, Proof expected) =>
        Assert.That(Read($$"""{"code":{{code}},"error_subcode":{{subcode}},"is_transient":false}""").Proof, Is.EqualTo(expected));

    [TestCase(1363019)]
    [TestCase(1363030)]
    [TestCase(1363033)]
    public void A_part_of_a_file_that_did_not_arrive_whole_is_sent_again(int subcode) =>
        Assert.That(Read($$"""{"code":6001,"error_subcode":{{subcode}},"is_transient":false}""").Proof, Is.EqualTo(Proof.OutcomeUnknown));

    [TestCase(1363037, """{"start_offset":25,"end_offset":50}""", true)]
    [TestCase(1363037, """{"start_offset":"25","end_offset":"50"}""", true)]
    [TestCase(1363037, "\"{\\\"start_offset\\\":25,\\\"end_offset\\\":50}\"", true)]
    [TestCase(1363037, """{"start_offset":-25,"end_offset":50}""", false)]
    [TestCase(1363037, "{}", false)]
    [TestCase(1363033, """{"start_offset":25,"end_offset":50}""", false)]
    public void The_part_that_is_wanted_instead_is_read(int subcode, string data, bool isTold) =>
        Assert.That(Read($$"""{"code":6001,"error_subcode":{{subcode}},"error_data":{{data}}}""").WantedPart, Is.EqualTo(isTold ? (25L, 50L) : ((long, long)?)null));

    [TestCase(100, 1487534, "", true)]
    [TestCase(1, null, "Please reduce the amount of data you're asking for, then retry your request", true)]
    [TestCase(1, null, "An unknown error occurred", false)]
    [TestCase(100, null, "reduce the amount of data", false)]
    public void Too_much_asked_for_at_once_is_told_apart(int code, int? subcode, string message, bool expected) => Assert.That(
        Read($$"""{"code":{{code}},"error_subcode":{{(subcode is null ? "null" : subcode)}},"message":"{{message}}"}""").IsTooMuchAsked, Is.EqualTo(expected));

    [TestCase(190, 458, "removed the app")]
    [TestCase(190, 459, "the same token again")]
    [TestCase(190, 460, "password")]
    [TestCase(190, 463, "has expired")]
    [TestCase(190, 464, "not confirmed")]
    [TestCase(190, 467, "no longer valid")]
    [TestCase(190, null, "give the account a new one")]
    [TestCase(102, null, "give the account a new one")]
    [TestCase(368, null, "unblock the account")]
    [TestCase(10, null, "permission")]
    [TestCase(200, null, "permission")]
    [TestCase(294, null, "permission")]
    [TestCase(2635, null, "META_GRAPH_VERSION")]
    public void The_user_is_told_what_to_do_about_it(int code, int? subcode, string expected) => Assert.That(
        Read($$"""{"code":{{code}},"error_subcode":{{(subcode is null ? "null" : subcode)}},"message":"No","fbtrace_id":"T"}""").ForUser, Does.StartWith("No - ").And.Contain(expected).And.EndWith("trace T)"));

    [Test]
    public void A_token_that_Meta_quotes_is_not_repeated()
    {
        using var document = JsonDocument.Parse("""{"code":190,"message":"Malformed access token EAAx","error_user_title":"EAAx","error_user_msg":"Token EAAx and EAAy"}""");

        var exception = MetaErrors.FromEnvelope(400, document.RootElement, null, "EAAx", "", "EAAy");

        Assert.That(exception.ToString() + exception.ForUser + exception.UserTitle, Does.Not.Contain("EAA").And.Contain("Malformed access token ***"));
    }

    [TestCase("{}")]
    [TestCase("""{"message":"Bad request"}""")]
    [TestCase("""{"code":null,"message":"?"}""")]
    [TestCase("""{"code":"none"}""")]
    [TestCase("""{"code":{"a":1}}""")]
    [TestCase("""{"code":99999999999}""")]
    [TestCase("""{"code":1.5}""")]
    public void An_error_without_a_code_proves_nothing(string error)
    {
        foreach (var status in (int[])[200, 400, 502])
            Assert.That(Read(error, status).Proof, Is.EqualTo(Proof.OutcomeUnknown), $"HTTP {status}");
    }

    [Test]
    public void A_code_given_as_text_counts()
    {
        var exception = Read("""{"code":"190","error_subcode":"463"}""");

        Assert.That((exception.Proof, exception.Code, exception.Subcode), Is.EqualTo((Proof.TokenRejected, (int?)190, (int?)463)));
    }

    [Test]
    public void Everything_Meta_says_is_kept_and_told_to_the_user()
    {
        var exception = Read("""
            {"message":"Invalid parameter","type":"OAuthException","code":100,"error_subcode":1885272,"is_transient":false,
             "error_user_title":"Budget too low","error_user_msg":"Raise your daily budget.","error_data":{"blame_field_specs":[["daily_budget"]]},"fbtrace_id":"Abc"}
            """);

        Assert.Multiple(() =>
        {
            Assert.That((exception.HttpStatus, exception.Code, exception.Subcode, exception.TraceId), Is.EqualTo(((int?)400, (int?)100, (int?)1885272, "Abc")));
            Assert.That((exception.UserTitle, exception.UserMessage), Is.EqualTo(("Budget too low", "Raise your daily budget.")));
            Assert.That(exception.ForUser, Is.EqualTo("Budget too low: Raise your daily budget. [daily_budget] (code 100/1885272, trace Abc)"));
        });
    }

    [TestCase("""{"blame_field_specs":[["targeting","geo_locations"],["daily_budget"]]}""", "targeting.geo_locations,daily_budget")]
    [TestCase(""" "{\"blame_field_specs\":[[\"targeting\",\"age_min\"]]}" """, "targeting.age_min")]
    [TestCase("""{"blame_field_specs":["name"]}""", "name")]
    [TestCase("""{"blame_field_specs":"name"}""", "")]
    [TestCase("""{"blame_field_specs":[]}""", "")]
    [TestCase(""" "not JSON {" """, "")]
    [TestCase(""" "[1,2]" """, "")]
    [TestCase(""" "" """, "")]
    [TestCase(""" "\ud83d" """, "")]
    [TestCase("17", "")]
    [TestCase("null", "")]
    public void Blamed_fields_come_from_an_object_or_from_its_text(string errorData, string expected) =>
        Assert.That(string.Join(',', Read($$"""{"code":100,"error_data":{{errorData}}}""").BlamedFields), Is.EqualTo(expected));

    [Test]
    public void Words_of_the_wrong_type_are_left_out_and_half_a_character_is_replaced()
    {
        var exception = Read("""{"code":100,"message":"cut \ud83d","error_user_title":["x"],"error_user_msg":7,"fbtrace_id":null,"error_subcode":"x"}""");

        Assert.That((exception.Code, exception.Subcode, exception.UserTitle, exception.UserMessage, exception.TraceId), Is.EqualTo(((int?)100, (int?)null, (string?)null, (string?)null, (string?)null)));
        Assert.That(exception.Message, Is.EqualTo("cut \ufffd"));
    }

    [Test]
    public void Advice_to_wait_goes_with_throttling_alone()
    {
        Assert.That(Read("""{"code":17}""", retryAfter: TimeSpan.FromMinutes(3)).RetryAfter, Is.EqualTo(TimeSpan.FromMinutes(3)));
        Assert.That(Read("""{"code":100}""", retryAfter: TimeSpan.FromMinutes(3)).RetryAfter, Is.Null);
    }

    [TestCase(100, 33, true)]
    [TestCase(100, null, false)]
    [TestCase(100, 1487534, false)]
    [TestCase(803, 33, false)]
    public void Only_100_33_says_that_an_object_is_gone(int code, int? subcode, bool gone) =>
        Assert.That(Read(subcode is null ? $$"""{"code":{{code}}}""" : $$"""{"code":{{code}},"error_subcode":{{subcode}}}""").IsMissingObject, Is.EqualTo(gone));

    [TestCase(429, Proof.Throttled)]
    [TestCase(200, Proof.OutcomeUnknown)]
    [TestCase(400, Proof.OutcomeUnknown)]
    [TestCase(502, Proof.OutcomeUnknown)]
    public void An_answer_that_is_not_Graphs_proves_nothing_but_429(int status, Proof expected) =>
        Assert.That(MetaErrors.Unreadable(status, "a page").Proof, Is.EqualTo(expected));

    [Test]
    public void No_envelope_is_too_odd_to_be_read()
    {
        string[] values = ["1", "17", "190", "null", "true", "\"\"", "\"17\"", "\"\\ud800\"", "[]", "[[[]]]", "{}", "-1", "1e99", "\"{\"", "\"{\\\"blame_field_specs\\\":[[null]]}\""];
        string[] names = ["code", "error_subcode", "message", "is_transient", "error_user_title", "error_user_msg", "error_data", "fbtrace_id"];
        var envelopes = Gen.Select(Gen.OneOf(names), Gen.OneOf(values)).List[0, 8]
            .Select(fields => "{" + string.Join(',', fields.DistinctBy(field => field.Item1).Select(field => $"\"{field.Item1}\":{field.Item2}")) + "}");

        Gen.Select(envelopes, Gen.OneOf(200, 400, 429, 500)).Sample((envelope, status) => Read(envelope, status).ForUser.Length > 0);
    }

    private static MetaException Read(string error, int status = 400, TimeSpan? retryAfter = null)
    {
        using var document = JsonDocument.Parse(error);
        return MetaErrors.FromEnvelope(status, document.RootElement, retryAfter);
    }
}
