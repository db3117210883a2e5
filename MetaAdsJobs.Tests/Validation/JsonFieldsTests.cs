using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Tests.Validation;

[TestFixture]
public sealed class JsonFieldsTests
{
    private FieldErrors _errors = null!;

    [SetUp]
    public void Forget() => _errors = new();

    [TestCase("\"a text\"", "a text")]
    [TestCase("\"\"", null)]
    [TestCase("\"   \"", null)]
    [TestCase("\"\\u0000\"", null)]
    [TestCase("\"two\\nlines\"", null)]
    [TestCase("\"\\ud83d\"", null)]
    [TestCase("\"\\ud83d\\ude00\"", "😀")]
    [TestCase("\"0123456789\"", "0123456789")]
    [TestCase("\"0123456789a\"", null)]
    [TestCase("5", null)]
    [TestCase("{}", null)]
    public void A_text_is_read_or_refused_by_its_path(string json, string? text)
    {
        Assert.That(Read($$"""{"name":{{json}}}""").Text("name", max: 10), Is.EqualTo(text));
        Assert.That(Paths, Is.EqualTo(text is null ? ["name"] : Array.Empty<string>()));
    }

    /// <summary>What a person types into a form's field, or a file's cell.</summary>
    [TestCase("""{"a":[1,"\ud83d\ude00"]}""", true)]
    [TestCase("5", true)]
    [TestCase("""{"a":1,"a":2}""", false)]
    [TestCase("""{"a":{"b":1,"b":2}}""", false)]
    [TestCase("""["a\u0000b"]""", false)]
    [TestCase("""{"a":["\ud83d"]}""", false)]
    [TestCase("""{"\ud83d":1}""", false)]
    [TestCase("""{"a":""", false)]
    [TestCase("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", false)]
    public void A_text_that_is_JSON_is_taken_whole_or_not_at_all(string typed, bool isTaken)
    {
        if (isTaken) Assert.That(JsonTexts.Parse(typed)!.DeepClone().ToJsonString(), Is.Not.Empty);
        else Assert.That(() => JsonTexts.Parse(typed), Throws.InstanceOf<JsonException>());
    }

    /// <summary>Each is found by an exception, and what is past those that are told is not looked at.</summary>
    [Test]
    public void Broken_texts_by_the_hundred_thousand_are_refused_at_once()
    {
        using var body = JsonDocument.Parse($"[{string.Join(',', Enumerable.Repeat("\"\\ud83d\"", 400_000))}]");
        var began = TimeProvider.System.GetTimestamp();
        JsonTexts.Refuse(body.RootElement, _errors);
        Assert.That((_errors.Count, TimeProvider.System.GetElapsedTime(began)), Is.EqualTo((FieldErrors.MostTold, TimeSpan.FromSeconds(1))).Using<(int Count, TimeSpan Took)>((was, most) => was.Count == most.Count && was.Took < most.Took));
    }

    [TestCase("1", 1)]
    [TestCase("10", 10)]
    [TestCase("0", null)]
    [TestCase("11", null)]
    [TestCase("1.0", null)]
    [TestCase("1e1", null)]
    [TestCase("1e400", null)]
    [TestCase("9223372036854775808", null)]
    [TestCase("\"5\"", null)]
    [TestCase("true", null)]
    public void A_whole_number_is_read_or_refused_by_its_path(string json, long? number)
    {
        Assert.That(Read($$"""{"count":{{json}}}""").Whole("count", 1, 10), Is.EqualTo(number));
        Assert.That(Paths, Is.EqualTo(number is null ? ["count"] : Array.Empty<string>()));
    }

    [TestCase("""{"a":null}""")]
    [TestCase("{}")]
    public void What_is_absent_or_null_is_refused_only_when_required(string json)
    {
        var fields = Read(json);
        Assert.That(fields.Text("a"), Is.Null);
        Assert.That(Paths, Is.Empty);
        fields.Text("a", required: true);
        Assert.That(Paths, Is.EqualTo(["a"]));
    }

    [Test]
    public void Paths_lead_through_objects_and_lists()
    {
        var outer = Read("""{"outer":{"list":["ok",5,""],"more":1}}""").Object("outer")!;
        Assert.That(outer.List("list", 3, (item, path) => outer.TextOf(item, path, 10)), Is.Null);
        outer.RefuseUnknown();
        Assert.That(Paths, Is.EqualTo(["outer.list[1]", "outer.list[2]", "outer.more"]));
    }

    [Test]
    public void A_list_that_is_too_long_is_refused_as_a_whole()
    {
        Assert.That(Read("""{"list":["a","b","c"]}""").List("list", 2, (item, _) => item.GetString()), Is.Null);
        Assert.That(Paths, Is.EqualTo(["list"]));
    }

    [Test]
    public void An_unknown_name_is_told_without_its_control_characters_and_shortened()
    {
        Read($$"""{"bell\u0007":1,"{{new string('n', 5000)}}":2}""").RefuseUnknown();
        Assert.That(Paths, Is.EqualTo(["bell", new string('n', 100)]));
    }

    [Test]
    public void Of_unknown_names_without_end_a_hundred_are_told_and_the_rest_is_counted()
    {
        var fields = Read($"{{{string.Join(',', Enumerable.Range(0, 100_000).Select(n => $"\"{n:x}\":{n}"))}}}");
        fields.Text("name", required: true);
        var before = GC.GetAllocatedBytesForCurrentThread();
        fields.RefuseUnknown();
        var told = _errors.ToDictionary();

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(10_000_000), "bytes, about as many as the names themselves");
        Assert.That(_errors.Count, Is.EqualTo(100_001));
        Assert.That(told, Has.Count.EqualTo(FieldErrors.MostTold + 1));
        Assert.That((told["name"], told["$"]), Is.EqualTo(((string[])["is required"], (string[])["and 99901 more errors, which are not told"])));
    }

    [Test]
    public void Complaints_about_one_field_have_an_end_too_and_so_have_their_words()
    {
        for (var i = 0; i < 1000; i++) _errors.Add(new string('p', 5000), new string('m', 5000));
        _errors.Add("$", "late");
        var told = _errors.ToDictionary();
        Assert.That(told.Sum(field => field.Key.Length + field.Value.Sum(message => message.Length)), Is.LessThan(250_000), "characters");
        Assert.That(told["$"], Is.EqualTo(["and 901 more errors, which are not told"]));
    }

    [Test]
    public void Several_complaints_about_one_field_are_kept_in_their_order()
    {
        _errors.Add("a", "first");
        _errors.Add("b", "other");
        _errors.Add("a", "second");
        Assert.That(_errors.ToDictionary()["a"], Is.EqualTo(["first", "second"]));
        Assert.That(_errors.Any, Is.True);
        Assert.That(new FieldErrors().Any, Is.False);
    }

    private IEnumerable<string> Paths => _errors.ToDictionary().Keys;

    private JsonFields Read(string json) => new(JsonDocument.Parse(json).RootElement, _errors);
}
