using System.Text.RegularExpressions;
using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Walls;

/// <summary>One source file: its path from the checkout's top, with slashes, and its lines.</summary>
internal sealed record SourceFile(string Path, IReadOnlyList<string> Lines)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Where a line that is no comment matches: path, line number and the line, for a failing test to show.</summary>
    public IEnumerable<string> Matches(Regex pattern) => Lines
        .Select((line, index) => (Line: line, Number: index + 1))
        .Where(line => !line.Line.TrimStart().StartsWith("//", StringComparison.Ordinal) && pattern.IsMatch(line.Line))
        .Select(line => $"{Path}:{line.Number}: {line.Line.Trim()}");
}

/// <summary>The project's own source, as it stands in the checkout.</summary>
internal static class SourceCode
{
    public static readonly string[] Product = ["MetaAdsJobs.Core", "MetaAdsJobs.Console", "MetaAdsJobs.StubGraph", "MetaAdsJobs.Api", "MetaAdsJobs.Worker", "MetaAdsJobs.Launch"];

    private static readonly string[] All = [.. Product, "MetaAdsJobs.Tests", "bench"];

    private static readonly Lazy<IReadOnlyList<SourceFile>> Read = new(() => [.. All.SelectMany(ReadFolder)]);

    public static IReadOnlyList<SourceFile> Files => Read.Value;

    public static IEnumerable<SourceFile> In(params IEnumerable<string> folders) =>
        Files.Where(file => folders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal)));

    public static IEnumerable<SourceFile> ProductOutside(params IEnumerable<string> folders) => In(Product).Except(In(folders));

    private static IEnumerable<SourceFile> ReadFolder(string folder) =>
        Directory.EnumerateFiles(System.IO.Path.Combine(ProjectFolder.Path, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => (File: file, Path: System.IO.Path.GetRelativePath(ProjectFolder.Path, file).Replace('\\', '/')))
            .Where(file => !file.Path.Split('/').Any(part => part is "obj" or "bin"))
            .Select(file => new SourceFile(file.Path, File.ReadAllLines(file.File)));
}
