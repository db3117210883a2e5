using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Api.Console;

[TestFixture]
public sealed partial class LanguageTests
{
    /// <summary>As the console finds them: in the Spanish satellite of its assembly.</summary>
    public static readonly IReadOnlyDictionary<string, string> Texts = Spanish<Words>();

    public static readonly IReadOnlyDictionary<string, string> Short = Spanish<Marks>();

    [Test]
    public void Every_text_of_every_page_has_its_Spanish_words()
    {
        var pages = Sources("MetaAdsJobs.Console");
        var texts = Found(Text(), pages);
        var marks = Found(Mark(), pages);

        Assert.That(texts, Has.Count.GreaterThan(40));
        Assert.That(texts.Where(text => !Texts.ContainsKey(text)), Is.Empty);
        Assert.That(marks, Has.Count.GreaterThan(5));
        Assert.That(marks.Where(mark => !Short.ContainsKey(mark)), Is.Empty);
    }

    [Test]
    public void No_Spanish_words_are_of_a_text_that_is_gone()
    {
        // A text is a page's own, or a message or a word of Core that a page tells.
        var sources = string.Join('\n', Sources("MetaAdsJobs.Console").Concat(Sources("MetaAdsJobs.Core")));
        bool IsUsed(string text) => sources.Contains($"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"", StringComparison.Ordinal);

        Assert.That(Texts.Keys.Concat(Short.Keys).Where(text => !IsUsed(text)), Is.Empty);
    }

    [Test]
    public void Both_languages_take_the_same_values() =>
        Assert.That(Texts.Where(word => Values(word.Key) != Values(word.Value)), Is.Empty);

    /// <summary>A page that reads itself anew does so by the address that it was opened with, and perhaps after another language was chosen.</summary>
    [TestCase(null, true)]
    [TestCase("document", true)]
    [TestCase("empty", false)]
    public async Task A_language_is_kept_when_a_page_is_opened_in_it_and_not_when_it_reads_itself_anew(string? destination, bool isKept)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri((await SharedServices.ForPages).BaseUrl, "/console/runs?lang=es"));
        if (destination is not null) request.Headers.Add("Sec-Fetch-Dest", destination);
        using var answer = await http.SendAsync(request);
        Assert.That(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.Contains("language=es", StringComparison.Ordinal)), Is.EqualTo(isKept));
    }

    private static Dictionary<string, string> Spanish<T>() => new ResourceManager(typeof(T)).GetResourceSet(CultureInfo.GetCultureInfo("es"), createIfNotExists: true, tryParents: false)!
        .Cast<DictionaryEntry>().ToDictionary(word => (string)word.Key, word => (string)word.Value!);

    private static List<string> Sources(string project) =>
        [.. Directory.EnumerateFiles(Path.Combine(ProjectFolder.Path, project), "*.*", SearchOption.AllDirectories)
            .Where(file => (file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal)) && !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Select(File.ReadAllText)];

    private static List<string> Found(Regex pattern, IEnumerable<string> sources) =>
        [.. sources.SelectMany(source => pattern.Matches(source).Select(match => match.Groups["text"].Value)).Distinct()];

    private static string Values(string text) => string.Join(',', Value().Matches(text).Select(match => match.Value).Order());

    [GeneratedRegex("""(?:\b(?:T|texts)\[|Back\(http, |BackWithProblem\(http, |Refused\(values, |Found\(values, search, \[\], |FormResults\.On\(\$?"[^"]*", )"(?<text>[^"]+)"\s*[\],)]""")]
    private static partial Regex Text();

    [GeneratedRegex("""\bMark\["(?<text>[^"]+)"\]|<Status Of="(?<text>[a-z ]+)"|=> "(?<text>job [a-z]+)",""")]
    private static partial Regex Mark();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Value();
}
