using MetaAdsJobs.Core.Campaigns;

namespace MetaAdsJobs.Console.Campaigns;

/// <summary>Campaigns that are to be published together, and what publishing each would change.</summary>
/// <param name="Refused">Why others of those that were chosen cannot be published.</param>
internal sealed record ChosenCampaigns(IReadOnlyList<EditPreview> Previews, IReadOnlyList<string> Refused)
{
    public static readonly ChosenCampaigns None = new([], []);

    /// <summary>What all may spend a day, by currency.</summary>
    public IReadOnlyList<(string Currency, long Cents)> Sums => [.. Previews.GroupBy(one => one.Currency).Select(same => (same.Key, same.Sum(one => one.DailyCentsAfter)))];

    /// <summary>Another when anything of it has changed.</summary>
    public string Mark => string.Concat(Previews.Select(one => one.Mark[..8]));

    /// <param name="ids">With commas between.</param>
    public static IReadOnlyList<string> Asked(string? ids) => [.. (ids ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(IsId).Distinct().Take(CampaignActions.MostAtOnce)];

    public static async Task<ChosenCampaigns> LoadAsync(IReadOnlyList<string> ids, PreviewEdit previews, CancellationToken ct)
    {
        var (found, refused) = (new List<EditPreview>(), new List<string>());
        foreach (var id in ids)
        {
            var (preview, refusal) = await previews.ExecuteAsync(id, EditKind.Publish, null, ct);
            if (preview?.Level == EditLevel.Campaign) found.Add(preview);
            else if (refusal is EditRequested.Refused why) refused.Add(why.Reason);
        }

        return new(found, refused);
    }

    private static bool IsId(string id) => id.Length <= 100 && !id.Any(char.IsControl);
}
