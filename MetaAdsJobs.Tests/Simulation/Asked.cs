namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One thing that was asked for, as its caller knows it.</summary>
internal sealed class Asked(int number, Guid accountId, bool publishes)
{
    public required Guid ClipId { get; init; }
    public int Number { get; } = number;
    public string Name { get; } = $"R{number}";
    public Guid AccountId { get; } = accountId;
    public bool Publishes { get; } = publishes;
    public string Key { get; } = $"{Guid.NewGuid()}";
    public Guid? RequestId { get; set; }

    /// <summary>When it is to be activated; null: at once, or not at all.</summary>
    public DateTimeOffset? ActivateAt { get; set; }

    /// <summary>The field of its body.</summary>
    public string Scheduled => ActivateAt is { } at ? $",\"activate_at\":\"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z\"" : "";

    /// <summary>It was not accepted before its time had passed: it is asked for without one.</summary>
    public bool IsUnscheduled(DateTimeOffset now)
    {
        if (ActivateAt is null || ActivateAt > now) return false;
        ActivateAt = null;
        return true;
    }

    /// <summary>How many ads each of its ad sets has; empty for a request without ad sets.</summary>
    public IReadOnlyList<int> AdSets { get; init; } = [];

    /// <summary>An ad of some kind, as a change of the usual one; null for that.</summary>
    public string? AdOf(int? kindSeed, IReadOnlyList<Guid> clips, int set, int ad)
    {
        if (kindSeed is not { } seed) return null;
        var random = new Random(unchecked((((seed * 31) + Number) * 31) + (set * 100) + ad));
        return random.Next(6) switch
        {
            0 or 1 => $$"""{"cards":[{{string.Join(',', Enumerable.Range(0, random.Next(2, 5)).Select(card => $$"""{"clip_id":"{{clips[random.Next(clips.Count)]}}","title":"{{card}}"}"""))}}]}""",
            2 => """{"post_id":"1_5","clip_id":null,"creative_title":null}""",
            3 => $$"""{"clip_id":"{{clips[1]}}","placement_media":[{"placements":["stories"],"clip_id":"{{clips[2]}}"}]}""",
            4 => $$"""{"clip_id":"{{clips[random.Next(clips.Count)]}}","creative_title":null,"titles":["A","B"]}""",
            _ => null,
        };
    }
}
