using System.Text.RegularExpressions;

namespace MetaAdsJobs.Tests.Walls;

/// <summary>House style that a machine can see.</summary>
[TestFixture]
public sealed partial class HabitTests
{
    private const int MostLines = 300;
    private const int MostFiles = 12;

    [Test]
    public void Every_log_event_has_an_id_of_its_own()
    {
        var events = SourceCode.In(SourceCode.Product)
            .SelectMany(file => LogEvent().Matches(string.Join('\n', file.Lines)).Select(match => (Id: match.Groups[1].Value, file.Path)))
            .ToList();

        Assert.That(events, Has.Count.GreaterThan(20), "the pattern finds too few");
        Assert.That(events.GroupBy(one => one.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(one => one.Path))}"), Is.Empty);
    }

    [Test]
    public void A_modules_log_events_share_its_thousand()
    {
        var mixed = SourceCode.In(SourceCode.Product)
            .SelectMany(file => LogEvent().Matches(string.Join('\n', file.Lines)).Select(match => (Module: Module(file), Thousand: int.Parse(match.Groups[1].ValueSpan, null) / 1000)))
            .Distinct()
            .GroupBy(one => one.Thousand)
            .Where(same => same.Count() > 1)
            .Select(same => $"{same.Key}000: {string.Join(", ", same.Select(one => one.Module))}");

        Assert.That(mixed, Is.Empty);
    }

    [Test]
    public void No_file_is_longer_than_two_ideas() =>
        Assert.That(SourceCode.Files.Where(file => file.Lines.Count > MostLines).Select(file => $"{file.Path}: {file.Lines.Count} lines"), Is.Empty);

    [Test]
    public void No_folder_of_the_product_holds_more_than_one_looks_through() =>
        Assert.That(SourceCode.In(SourceCode.Product).GroupBy(file => Path.GetDirectoryName(file.Path)).Where(folder => folder.Count() > MostFiles).Select(folder => $"{folder.Key}: {folder.Count()} files"), Is.Empty);

    [Test]
    public void No_folder_is_called_after_nothing() =>
        Assert.That(SourceCode.Files.Where(file => file.Path.Split('/')[..^1].Any(part => part is "Models" or "Common" or "Shared" or "Helpers" or "Utils")).Select(file => file.Path), Is.Empty);

    [Test]
    public void No_folder_is_more_than_three_deep() =>
        Assert.That(SourceCode.Files.Where(file => file.Path.Split('/').Length - 2 > 3).Select(file => file.Path), Is.Empty);

    [Test]
    public void No_name_ends_in_an_empty_word() => Assert.That(SourceCode.Files.SelectMany(file => file.Matches(EmptyName())), Is.Empty);

    [Test]
    public void A_file_is_named_after_something_in_it()
    {
        var strangers = SourceCode.Files.Where(file => file.Name != "Program" && !file.Name.Contains('.', StringComparison.Ordinal)
            && !file.Lines.Any(line => Regex.IsMatch(line, $@"\b(class|record|struct|interface|enum|delegate)\b.*\b{Regex.Escape(file.Name)}\b")));

        // Several small things under one roof may carry the roof's name instead.
        Assert.That(strangers.Select(file => file.Path), Is.SubsetOf(new[]
        {
            "MetaAdsJobs.Core/Meta/Ads/AdObjects.cs", "MetaAdsJobs.Core/Orchestrations/ChangeOrchestration.cs",
        }));
    }

    private static string Module(SourceFile file) => string.Join('/', file.Path.Split('/')[..^1].Take(2));

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId = )?(\d+)")]
    private static partial Regex LogEvent();

    [GeneratedRegex(@"\b(class|record|struct|interface|enum) \w+(Manager|Helper|Helpers|Util|Utils|Base|Impl|Data|Info|Dto)\b")]
    private static partial Regex EmptyName();
}
