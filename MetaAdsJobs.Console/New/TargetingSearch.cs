using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Console.New;

/// <summary>A search at Meta, and what it brought.</summary>
/// <param name="Path">Of the ad set it is for; empty for the whole request.</param>
public sealed record TargetingSearch(TargetingKind Kind, string Path)
{
    public IReadOnlyList<TargetingOption> Options { get; init; } = [];

    /// <summary>Why it brought nothing: a text of the console, or what Meta said.</summary>
    public string? Nothing { get; init; }

    /// <summary>The field with the words that are searched for.</summary>
    public string TextField => (Path.Length == 0 ? "" : Path + ".") + $"find_{Word}_text";

    /// <summary>What the button says to the server.</summary>
    public string Order => $"find_{Word} {Path}".TrimEnd();

    private string Word => Kind.ToString().ToLowerInvariant();
}
