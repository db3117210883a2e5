using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Who did what, asked for by person, key, object, account, source and day: the same changes by the API, on the page and in both files.</summary>
[TestFixture]
public sealed class AuditFilterTests : SharedPagesTests
{
    private readonly string _mark = $"zz{Guid.NewGuid():N}";
    private string _account = "";
    private string _other = "";

    private string Person => $"{_mark}.person";

    [OneTimeSetUp]
    public async Task AddChangesAsync()
    {
        (_account, _other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO meta_changes (social_account_id, asked_by, asked_key, method, path, sent, sent_at, outcome, http_status, answer) VALUES
                (@account, @person, 'night', 'POST', @mark || '-m1', '{}', '2026-03-01T23:59:59.999Z', 'done', 200, 'ok'),
                (@account, @person, 'day', 'POST', @mark || '-m2', '{"name":"a, \"b\""}', '2026-03-02T00:00:00Z', 'rejected', 400, '=1+1'),
                (@account, @person || 'x', 'day', 'POST', @mark || '-m3', '{}', '2026-03-02T12:00:00Z', 'done', 200, 'ok'),
                (@other, @person, NULL, 'POST', @mark || '-m4', '{}', '2026-03-03T00:00:00Z', 'done', 200, 'ok');
            INSERT INTO recorded_acts (at, person, key_name, social_account_id, kind, object, object_name, action, fields) VALUES
                ('2026-03-02T23:59:59.999Z', @person, 'day', @account, 'account', @mark || '-h1', 'An account', 'changed', '{"daily_cap_cents":{"old":1,"new":2}}'),
                ('2026-03-04T00:00:00Z', @person, 'night', @other, 'account', @mark || '-h2', 'Another', 'changed', '{}')
            """, new { account = Guid.Parse(_account), other = Guid.Parse(_other), person = Person, mark = _mark });
    }

    [TestCase("", "h2 m4 h1 m2 m1")]
    [TestCase("&since=2026-03-02", "h2 m4 h1 m2")]
    [TestCase("&since=2026-03-03", "h2 m4")]
    [TestCase("&until=2026-03-01", "m1")]
    [TestCase("&until=2026-03-02", "h1 m2 m1")]
    [TestCase("&since=2026-03-02&until=2026-03-02", "h1 m2")]
    [TestCase("&since=2026-03-05", "")]
    [TestCase("&source=here", "h2 h1")]
    [TestCase("&source=meta&since=2026-03-02&until=2026-03-03", "m4 m2")]
    [TestCase("&object={mark}-m2", "m2")]
    [TestCase("&object={mark}-h1&source=meta", "")]
    [TestCase("&account={other}", "h2 m4")]
    [TestCase("&account={account}&since=2026-03-02", "h1 m2")]
    public async Task By_person_day_source_object_and_account_the_same_are_found_everywhere(string asked, string expected)
    {
        var query = asked.Replace("{mark}", _mark, StringComparison.Ordinal).Replace("{other}", _other, StringComparison.Ordinal).Replace("{account}", _account, StringComparison.Ordinal);
        using var all = Assert.EnterMultipleScope();
        await AssertApiAsync($"person={Person}{query.Replace("&account=", "&social_account_id=", StringComparison.Ordinal)}", expected);
        var page = await _admin.Http.GetStringAsync($"/console/audit?who={Person}{query}");
        Assert.That(Labels(page, "<code>{0}</code>"), Is.EqualTo(expected), "the page");
        var file = $"/console/audit/csv?who={Person}{query}";
        Assert.That(page, Does.Contain($"href=\"{file.Replace("&", "&amp;", StringComparison.Ordinal)}\""), "the file is of what the page shows");
        Assert.That(Sorted(Labels(await _admin.Http.GetStringAsync(file), ",{0},")), Is.EqualTo(Sorted(expected)), "the page's file");
    }

    [TestCase("&key=day", "h1 m2")]
    [TestCase("&key=night", "h2 m1")]
    [TestCase("&key=night&until=2026-03-02", "m1")]
    [TestCase("&key=day&source=here", "h1")]
    [TestCase("&key=nobody's", "")]
    public async Task By_the_name_of_a_persons_key_what_was_done_by_it_is_found(string query, string expected) => await AssertApiAsync($"person={Person}{query}", expected);

    [Test]
    public async Task A_keys_name_is_asked_for_together_with_whose_it_is() =>
        Assert.That((await _admin.GetAsync("/meta/changes?key=day")).WrongFields, Is.EqualTo(["key"]));

    [Test]
    public async Task The_files_hold_every_field()
    {
        const string Head = "sent_at,source,asked_by,key_name,social_account_id,request_id,method,path,outcome,http_status,sent,answer";
        string[] expected =
        [
            Head, $"""2026-03-02T00:00:00Z,meta,{Person},day,{_account},,POST,{_mark}-m2,rejected,400,"{Quoted("""{"name":"a, \u0022b\u0022"}""")}","'=1+1" """.TrimEnd(),
            $"""2026-03-02T23:59:59Z,here,{Person},day,{_account},,account,{_mark}-h1,changed,,"{Quoted("""{"daily_cap_cents":{"new":2,"old":1}}""")}",An account""",
        ];
        var byApi = await CsvAsync($"person={Person}&since=2026-03-02&until=2026-03-02");
        using var all = Assert.EnterMultipleScope();
        Assert.That(byApi, Is.EqualTo(expected));
        using var file = await _admin.Http.GetAsync($"/console/audit/csv?who={Person}&since=2026-03-02&until=2026-03-02");
        Assert.That((file.Content.Headers.ContentType?.MediaType, file.Content.Headers.ContentDisposition?.FileName), Is.EqualTo(("text/csv", "changes.csv")));
        Assert.That(Lines(await file.Content.ReadAsStringAsync()), Is.EqualTo(expected));
    }

    private async Task AssertApiAsync(string query, string expected)
    {
        var answer = await _admin.GetAsync($"/meta/changes?{query}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(string.Join(' ', answer.Json["items"]!.AsArray().Select(change => ((string)change!["path"]!)[(_mark.Length + 1)..])), Is.EqualTo(expected), "the API");
        Assert.That(Sorted(Labels(string.Join('\n', await CsvAsync(query)), ",{0},")), Is.EqualTo(Sorted(expected)), "the API's file");
    }

    private async Task<string[]> CsvAsync(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/meta/changes?{query}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        using var answer = await _admin.Http.SendAsync(request);
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/csv"));
        return Lines(await answer.Content.ReadAsStringAsync());
    }

    private string Labels(string text, string around) => string.Join(' ', Regex.Matches(text, around.Replace("{0}", $@"{_mark}-(\w\d)", StringComparison.Ordinal)).Select(match => match.Groups[1].Value));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Sorted(string labels) => string.Join(' ', labels.Split(' ').Order(StringComparer.Ordinal));

    private static string Quoted(string json) => json.Replace("\"", "\"\"", StringComparison.Ordinal);
}
