using System.Text.Json;
using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>An experiment that is looked at, with what is known of it.</summary>
internal sealed record JudgedExperiment
{
    public required Guid Id { get; init; }
    public required ExperimentRules Rules { get; init; }
    public required string? ResultType { get; init; }

    /// <summary>No day before is looked at.</summary>
    public required DateOnly BegunOn { get; init; }

    /// <summary>Of one that was decided: what is later says nothing of it.</summary>
    public required DateOnly? DecidedUntil { get; init; }
    public required bool IsDecided { get; init; }

    /// <summary>Meta's ids of the variants, ad sets or ads; empty as long as they are not made.</summary>
    public required IReadOnlyList<string> MetaIds { get; init; }

    /// <summary>The ad sets that they are, or belong to.</summary>
    public required IReadOnlyList<string> AdSets { get; init; }

    /// <summary>In hundredths; null of one that has none.</summary>
    public required IReadOnlyList<long?> DailyBudgetCents { get; init; }
    public required int LastNo { get; init; }
    public required Verdict? Last { get; init; }

    /// <summary>Of what was proposed last: open, accepted, withdrawn; null: nothing.</summary>
    public required string? Proposal { get; init; }
}

/// <summary>A verdict's JSON: short, since there is one each night.</summary>
internal static class VerdictJson
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Json);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Json)!;

    /// <summary>Days as lists of numbers.</summary>
    public static string OfDays(IReadOnlyList<ExperimentDay> days) => JsonSerializer.Serialize(days.Select(day => new object[]
    {
        day.Day, day.ReadOn, day.IsWhole, day.Variants.Select(one => new[] { one.Impressions, one.LinkClicks, one.Spend, one.Results, one.Value }),
    }), Json);

    public static IReadOnlyList<ExperimentDay> ReadDays(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(day => new ExperimentDay(
            DateOnly.ParseExact(day[0].GetString()!, "O"), DateOnly.ParseExact(day[1].GetString()!, "O"), day[2].GetBoolean(), [.. day[3].EnumerateArray().Select(one => new VariantNumbers(
                one[0].GetDouble(), one[1].GetDouble(), one[2].GetDouble(), one[3].GetDouble(), one[4].GetDouble()))]))];
    }
}
