using System.Text.RegularExpressions;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Api.Console;

[TestFixture]
[Parallelizable(ParallelScope.Self)]
public sealed partial class LanguageTests
{
    [Test]
    public void Every_text_of_every_page_has_its_Spanish_words()
    {
        var folder = Path.Combine(ProjectFolder.Path, "MetaAdsJobs.Console");
        var texts = Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories).Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => Text().Matches(File.ReadAllText(file)).Select(match => match.Groups["text"].Value)).Distinct().ToList();

        Assert.That(texts, Has.Count.GreaterThan(40));
        Assert.That(texts.Where(text => !Spanish.Words.ContainsKey(text)), Is.Empty);
    }

    [Test]
    public void Both_languages_take_the_same_values() =>
        Assert.That(Spanish.Words.Where(word => Values(word.Key) != Values(word.Value)), Is.Empty);

    private static string Values(string text) => string.Join(',', Value().Matches(text).Select(match => match.Value).Order());

    [GeneratedRegex("""(?:\bT\[|T\.Format\(|Back\(http, |BackWithProblem\(http, |Refused\(values, |Found\(values, kind, \[\], |Going\.On\(\$?"[^"]*", )"(?<text>[^"]+)"\s*[\],)]""")]
    private static partial Regex Text();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Value();
}
