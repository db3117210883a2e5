using System.Collections;
using System.Globalization;
using System.Net;
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
        List<string> pages = [.. Sources("MetaAdsJobs.Console"), .. Sources("MetaAdsJobs.Api")];
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
        var sources = string.Join('\n', Sources("MetaAdsJobs.Console").Concat(Sources("MetaAdsJobs.Api")).Concat(Sources("MetaAdsJobs.Core")));
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

    [TestCase("/signin", "Iniciar sesión", "Pegue una clave")]
    [TestCase("/signin/link?secret=x", "Iniciar sesión", "Este enlace abre la consola una vez.")]
    [TestCase("/signout", "Cerrar sesión", "Termina su sesión en este navegador.")]
    public async Task The_pages_around_a_session_are_in_the_language_that_was_chosen_or_the_browser_asks_for(string url, string title, string text)
    {
        var service = await SharedServices.ForPages;
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = service.BaseUrl };
        var english = await http.GetStringAsync(new Uri(url, UriKind.Relative));
        Assert.That(english, Does.Contain("<html lang=\"en\">").And.Contain("lang=es\"").And.Not.Contain(text));
        http.DefaultRequestHeaders.Add("Accept-Language", "es-MX, en;q=0.5");
        Assert.That(WebUtility.HtmlDecode(await http.GetStringAsync(new Uri(url, UriKind.Relative))), Does.Contain("<html lang=\"es\">").And.Contain($"<h1>{title}</h1>").And.Contain(text));

        // What is chosen in the console goes for these, too, and the other way round.
        using var chosen = new HttpRequestMessage(HttpMethod.Get, $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang=en");
        (await http.SendAsync(chosen)).Dispose();
        Assert.That(await http.GetStringAsync(new Uri(url, UriKind.Relative)), Does.Contain("<html lang=\"en\">"));
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

    [GeneratedRegex("""(?:\b(?:T|texts)\[|Back\(http, |BackWithProblem\(http, |Refused\(values, |Found\(values, search, \[\], |FormResults\.On\(\$?"[^"]*", |RefuseAsync\(http, |RefuseAsync\(failure\.HttpContext, |SignInPage\.WriteAsync\(http, antiforgery, [\w.]+, )"(?<text>[^"]+)"\s*[\],)]""")]
    private static partial Regex Text();

    [GeneratedRegex("""\bMark\["(?<text>[^"]+)"\]|<Status Of="(?<text>[a-z ]+)"|=> "(?<text>job [a-z]+)",""")]
    private static partial Regex Mark();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Value();
}
