using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>Bodies that are refused before their fields can be judged.</summary>
[TestFixture, HasServiceAlone]
public sealed class RefusedBodyTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _body = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _body = (await _client.NewRequestAsync()).ToJsonString();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [TestCase("")]
    [TestCase("{")]
    [TestCase("{\"campaign_name\": }")]
    [TestCase("{} {}")]
    [TestCase("{\"a\": 1,}")]
    [TestCase("// nothing\n{}")]
    [TestCase("<request/>")]
    public Task A_body_that_is_no_json_is_refused(string body) => _service.RefusesAsync(400, () => SendAsync(Text(body)));

    [Test]
    public async Task A_text_in_broken_utf8_is_refused_by_its_path()
    {
        var answer = await _service.RefusesAsync(422, () => SendAsync(Bytes([.. "{\"campaign_name\":\""u8, 0xFF, 0xFE, .. "\"}"u8])));
        Assert.That((string?)answer.Json["errors"]!["campaign_name"]![0], Is.EqualTo("must be valid Unicode"));
    }

    [Test]
    public Task A_field_name_in_broken_utf8_is_refused() => _service.RefusesAsync(400, () => SendAsync(Bytes([.. "{\""u8, 0xFF, .. "\": 1}"u8])));

    [Test]
    public Task A_body_nested_too_deeply_is_refused() =>
        _service.RefusesAsync(400, () => SendAsync(Text($"{{\"targeting\":{new string('[', 1000)}{new string(']', 1000)}}}")));

    [Test]
    public Task A_field_given_twice_is_refused() =>
        _service.RefusesAsync(400, () => SendAsync(Text(_body.Replace("\"daily_budget_cents\"", "\"daily_budget_cents\":1,\"daily_budget_cents\"", StringComparison.Ordinal))));

    [Test]
    public Task A_nested_field_given_twice_is_refused() =>
        _service.RefusesAsync(400, () => SendAsync(Text(_body.Replace("\"age_min\"", "\"age_min\":20,\"age_min\"", StringComparison.Ordinal))));

    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("application/xml")]
    [TestCase(null)]
    public Task Another_content_type_is_refused(string? type) => _service.RefusesAsync(415, () => SendAsync(Bytes(Encoding.UTF8.GetBytes(_body), type)));

    [Test]
    public Task A_body_of_five_megabytes_is_refused() => _service.RefusesAsync(413, () => SendAsync(Text(FiveMegabytes())));

    [Test]
    public Task A_body_that_turns_out_to_be_five_megabytes_is_refused() => _service.RefusesAsync(413, () => SendAsync(Text(FiveMegabytes()), chunked: true));

    [TestCase("/meta/orchestrate/run")]
    [TestCase("/meta/accounts")]
    [TestCase("/meta/clips")]
    public async Task Four_megabytes_of_unknown_fields_are_answered_in_few_words(string path)
    {
        var body = $"{{{string.Join(',', Enumerable.Range(0, 400_000).Select(n => $"\"{n:x}\":1"))}}}";
        Assert.That(body, Has.Length.InRange(3_500_000, 4_194_304));

        var answer = await _service.RefusesAsync(422, () => _client.SendAsync(HttpMethod.Post, path, body));

        Assert.That(answer.Text, Has.Length.LessThan(200_000));
        Assert.That(answer.WrongFields.Count(), Is.InRange(50, 101));
        Assert.That((string?)answer.Json["errors"]!["$"]![0], Does.Match("^and 399[0-9]{3} more errors"));
    }

    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("17")]
    [TestCase("\"run\"")]
    public Task Json_that_is_no_object_is_refused(string body) => _service.RefusesFieldsAsync(() => SendAsync(Text(body)), "$");

    [TestCase("text/json")]
    [TestCase("application/json; charset=utf-8")]
    [TestCase("application/vnd.acme+json")]
    public async Task Json_is_taken_by_any_of_its_names(string type)
    {
        var answer = await SendAsync(Bytes(Encoding.UTF8.GetBytes(_body), type));
        Assert.That(answer.Code, Is.EqualTo(type.StartsWith("text", StringComparison.Ordinal) ? 415 : 202), answer.Text);
    }

    private static string FiveMegabytes() => new JsonObject { ["campaign_name"] = new string('x', 5 * 1024 * 1024) }.ToJsonString();

    private static ByteArrayContent Text(string body) => Bytes(Encoding.UTF8.GetBytes(body));

    private static ByteArrayContent Bytes(byte[] body, string? type = "application/json")
    {
        var content = new ByteArrayContent(body);
        if (type is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    private async Task<ApiAnswer> SendAsync(HttpContent content, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/meta/orchestrate/run") { Content = content };
        if (chunked) request.Headers.TransferEncodingChunked = true;
        var answer = await _client.Http.SendAsync(request);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }
}
