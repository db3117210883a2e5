using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.StubGraph;
using Microsoft.AspNetCore.Http;

namespace MetaAdsJobs.Tests.Support;

/// <summary>
/// Something that goes wrong on the way: decides whether and when the Graph acts, and what the client gets to see.
/// Null means the client sees nothing more.
/// </summary>
public delegate Task<StubAnswer?> GraphFault(GraphServer server, HttpContext http, Func<Task<StubAnswer?>> act);

/// <summary>The faults a test can choose from.</summary>
public static class GraphFaults
{
    /// <summary>The connection breaks before Meta has done anything.</summary>
    public static GraphFault DropBeforeActing { get; } = (_, http, _) => Task.FromResult(Drop(http));

    /// <summary>Meta has done it, and the answer is lost.</summary>
    public static GraphFault DropAfterActing { get; } = async (_, http, act) =>
    {
        await act();
        return Drop(http);
    };

    /// <summary>Meta has done it; the connection breaks in the middle of the answer's body.</summary>
    public static GraphFault DropMidBody { get; } = async (_, http, act) =>
    {
        if (await act() is { } answer)
        {
            http.Response.StatusCode = answer.Status;
            http.Response.ContentType = answer.ContentType;
            http.Response.ContentLength = answer.Body.Length;
            await http.Response.Body.WriteAsync(answer.Body[..(answer.Body.Length / 2)]);
            await http.Response.Body.FlushAsync();
        }

        return Drop(http);
    };

    /// <summary>HTTP 500 and nothing done.</summary>
    public static GraphFault FailBeforeActing { get; } = Answer(_ => StubRefusal.Unexpected("before").ToAnswer());

    /// <summary>HTTP 500 although it was done.</summary>
    public static GraphFault FailAfterActing { get; } = Rewrite(_ => StubRefusal.Unexpected("after").ToAnswer());

    /// <summary>HTTP 200 whose body is an error; nothing done.</summary>
    public static GraphFault OkWithError { get; } = Answer(_ => StubRefusal.Unexpected("200").ToAnswer() with { Status = 200 });

    /// <summary>Done, but a proxy answers with a page of its own.</summary>
    public static GraphFault HtmlAfterActing { get; } = Rewrite(answer => answer with
    {
        Body = Encoding.UTF8.GetBytes("<!DOCTYPE html><html><body>Service Unavailable</body></html>"),
        ContentType = "text/html; charset=utf-8",
    });

    /// <summary>Done, but the JSON ends early, though HTTP says it is whole.</summary>
    public static GraphFault TruncatedJson { get; } = Rewrite(answer => answer with { Body = answer.Body[..(answer.Body.Length / 2)] });

    /// <summary>Done, and the answer is larger than anybody should keep in memory.</summary>
    public static GraphFault TwentyMegabytes { get; } = Rewrite(answer => answer with { Body = Encoding.UTF8.GetBytes($$"""{"id":"{{new string('1', 20 * 1024 * 1024)}}"}""") });

    /// <summary>HTTP 200 and this JSON, whatever was asked; nothing done.</summary>
    public static GraphFault Says(string json) => Answer(_ => new StubAnswer(200, Encoding.UTF8.GetBytes(json)));

    /// <summary>HTTP 200 and a page of this list for the cursor it was asked with; nothing done.</summary>
    public static GraphFault Lists(Func<string?, string> page) => Answer(http => new StubAnswer(200, Encoding.UTF8.GetBytes(page(http.Request.Query["after"]))));

    /// <summary>Done, and the answer's text is changed on its way.</summary>
    public static GraphFault Changes(Func<string, string> change) => Rewrite(answer => answer with { Body = Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(answer.Body.Span))) });

    /// <summary>Done, and a well-formed answer that forgets to tell the id.</summary>
    public static GraphFault WithoutId { get; } = Rewrite(answer => answer with { Body = "{}"u8.ToArray() });

    /// <summary>Meta asks to wait: nothing done, and the usage headers say for how long.</summary>
    /// <param name="code">17 (2446079), 613 (1487742), 80004 …</param>
    public static GraphFault Throttled(int code = 80004, int? subcode = 2446079, int minutesToWait = 1) => Answer(http =>
    {
        var refusal = new StubRefusal(code, $"(#{code}) There have been too many calls to this ad-account. Wait a bit and try again.");
        return (refusal with { Subcode = subcode }).ToAnswer() with { Headers = UsedUp(http, minutesToWait) };
    });

    /// <summary>Meta asks to wait for seconds: nothing done.</summary>
    public static GraphFault ThrottledFor(TimeSpan time) => Answer(_ =>
        (new StubRefusal(17, "(#17) User request limit reached") { Subcode = 2446079 }).ToAnswer() with
        {
            Headers = new Dictionary<string, string>
            {
                ["X-Ad-Account-Usage"] = $$"""{"acc_id_util_pct":100,"reset_time_duration":{{(int)time.TotalSeconds}},"ads_api_access_tier":"standard_access"}""",
            },
        });

    /// <summary>Done, and the answer tells that so much of the account's limit is used.</summary>
    /// <param name="secondsToReset">Told beside it, as Meta does at any usage.</param>
    public static GraphFault Used(double percent, int secondsToReset = 0) => Rewrite(answer => answer with
    {
        Headers = new Dictionary<string, string>
        {
            ["X-Ad-Account-Usage"] = FormattableString.Invariant($$"""{"acc_id_util_pct":{{percent}},"reset_time_duration":{{secondsToReset}},"ads_api_access_tier":"standard_access"}"""),
            ["X-App-Usage"] = """{"call_count":2,"total_cputime":1,"total_time":1}""",
        },
    });

    /// <summary>Meta says no: nothing done.</summary>
    public static GraphFault Refused(int code, int? subcode = null, string? userTitle = null, string? userMessage = null, int status = 400) =>
        Answer(_ => new StubRefusal(code, $"(#{code}) Refused by the test")
        {
            Status = status,
            Subcode = subcode,
            UserTitle = userTitle,
            UserMessage = userMessage,
        }.ToAnswer());

    /// <summary>Done, but Meta's lists do not show the new object for a while; by id it can be read at once.</summary>
    public static GraphFault HiddenFromSearch(TimeSpan time) => async (server, _, act) =>
    {
        var answer = await act();
        await server.HideFromSearchAsync(IdIn(answer), time);
        return answer;
    };

    public static GraphFault SlowBeforeActing(TimeSpan time) => async (_, _, act) =>
    {
        await WaitAsync(time);
        return await act();
    };

    public static GraphFault SlowAfterActing(TimeSpan time) => async (_, _, act) =>
    {
        var answer = await act();
        await WaitAsync(time);
        return answer;
    };

    /// <summary>Both: the first nearer to the Graph, the second nearer to the client.</summary>
    public static GraphFault Then(this GraphFault inner, GraphFault outer) =>
        (server, http, act) => outer(server, http, () => inner(server, http, act));

    private static GraphFault Answer(Func<HttpContext, StubAnswer> answer) => (_, http, _) => Task.FromResult<StubAnswer?>(answer(http));

    private static GraphFault Rewrite(Func<StubAnswer, StubAnswer> rewrite) => async (_, _, act) =>
        await act() is { } answer ? rewrite(answer) : null;

    private static StubAnswer? Drop(HttpContext http)
    {
        http.Abort();
        return null;
    }

    // Meta goes on working when a caller hangs up, so nothing here listens to the request's cancellation.
    private static Task WaitAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, CancellationToken.None);

    internal static string? IdIn(StubAnswer? answer) =>
        answer is { Status: 200 } ? (string?)JsonNode.Parse(answer.Body.Span)?["id"] : null;

    private static Dictionary<string, string> UsedUp(HttpContext http, int minutes)
    {
        var account = http.Request.Path.Value?.Split('/').FirstOrDefault(part => part.StartsWith("act_", StringComparison.Ordinal))?[4..];
        return new Dictionary<string, string>
        {
            ["X-Business-Use-Case-Usage"] = $$"""
                {"{{account ?? "1000000000000003"}}":[{"type":"ads_management","call_count":100,"total_cputime":30,"total_time":40,"estimated_time_to_regain_access":{{minutes}},"ads_api_access_tier":"standard_access"}]}
                """,
            ["X-Ad-Account-Usage"] =
                $$"""{"acc_id_util_pct":100,"reset_time_duration":{{minutes * 60}},"ads_api_access_tier":"standard_access"}""",
            ["X-App-Usage"] = """{"call_count":40,"total_cputime":10,"total_time":10}""",
        };
    }
}
