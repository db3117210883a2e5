using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>One object that an edit switches.</summary>
/// <param name="From">How it is switched: ACTIVE, PAUSED, ARCHIVED or DELETED.</param>
public sealed record SwitchedObject(EditLevel Level, string MetaId, string Name, string From, string To);

/// <summary>What an edit would make of a campaign, by what we know of it. Amounts are hundredths of the currency.</summary>
public sealed record EditPreview
{
    public required Guid SocialAccountId { get; init; }
    public required string Currency { get; init; }

    /// <summary>Meta's id.</summary>
    public required string CampaignId { get; init; }
    public required EditLevel Level { get; init; }

    /// <summary>Meta's id of what is edited.</summary>
    public required string MetaId { get; init; }

    /// <summary>As it stands at Meta, with its marker.</summary>
    public required string Name { get; init; }
    public required EditKind Kind { get; init; }

    /// <summary>From the object down; without what is so already.</summary>
    public required IReadOnlyList<SwitchedObject> Switched { get; init; }

    /// <summary>Of an update: what is there now of the fields that change.</summary>
    public required EditFields Before { get; init; }
    public required EditFields After { get; init; }

    /// <summary>The campaign is on afterwards: without that, nothing below it spends.</summary>
    public required bool IsOn { get; init; }

    /// <summary>What the campaign may spend a day; nothing while it is not on.</summary>
    public required long DailyCents { get; init; }
    public required long DailyCentsAfter { get; init; }

    /// <summary>The same, as soon as the campaign is on.</summary>
    public required long DailyCentsOnceOn { get; init; }

    /// <summary>It may spend more than before, or could once it is on.</summary>
    public required bool SpendsMore { get; init; }

    /// <summary>Meta takes it back for nobody.</summary>
    [JsonIgnore]
    public bool IsFinal => Kind is EditKind.Archive or EditKind.Delete;

    /// <summary>Another edit, or the same of what has changed meanwhile, has another mark: what was shown and what is done are one.</summary>
    [JsonIgnore]
    public string Mark => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)))[..32];
}

/// <summary>Tells what an edit would change, and what it would cost a day, before it is asked for. Writes nothing and asks nothing of Meta.</summary>
public sealed class PreviewEdit
{
    private readonly JudgeEdit _judge;
    private readonly TimeProvider _time;

    internal PreviewEdit(JudgeEdit judge, TimeProvider time) => (_judge, _time) = (judge, time);

    /// <param name="metaId">Meta's id of the object.</param>
    /// <param name="body">Of an update only.</param>
    /// <returns>One of the two: why there is nothing to show is Unknown, Invalid or Refused.</returns>
    public async Task<(EditPreview? Preview, EditRequested? Refusal)> ExecuteAsync(string metaId, EditKind kind, JsonElement? body, CancellationToken ct)
    {
        var (judged, refusal) = await _judge.ExecuteAsync(null, metaId, kind, body, ct);
        return judged is null ? (null, refusal) : (Preview(judged.Tree, judged.One, kind, judged.Fields, judged.Before), null);
    }

    private EditPreview Preview(CampaignTree tree, TreeObject one, EditKind kind, EditFields fields, EditFields before)
    {
        var now = _time.GetUtcNow();
        var switched = Switched(tree, one, kind);
        var after = switched.Count > 0 ? tree.With([.. switched.Select(each => each.MetaId)], each => each with { Status = switched[0].To }) : tree.After(one, EditKind.Update, fields);
        long Amount(CampaignTree of) => of.Campaign.IsOn ? of.DailyAmountCents(now) : 0;
        long? Cents(long? units) => units is null ? null : Meta.Ads.Currency.ToHundredths(tree.Currency, units.Value);
        return new()
        {
            SocialAccountId = tree.AccountId, Currency = tree.Currency, CampaignId = tree.Campaign.MetaId, Level = EditWords.LevelOf(one.Kind), MetaId = one.MetaId, Name = one.Name, Kind = kind, Switched = switched,
            Before = before with
            {
                Name = fields.Name is null ? null : one.Name, DailyBudgetCents = fields.DailyBudgetCents is null ? null : Cents(one.Budget.Daily),
                LifetimeBudgetCents = fields.LifetimeBudgetCents is null ? null : Cents(one.Budget.Lifetime), EndTime = fields.EndTime is null ? null : one.Budget.EndTime,
                BidAmountCents = fields.BidAmountCents is null ? null : Cents(one.Budget.BidAmount),
            },
            After = fields, IsOn = after.Campaign.IsOn, DailyCents = Amount(tree), DailyCentsAfter = Amount(after), DailyCentsOnceOn = after.DailyAmountCents(now),
            SpendsMore = Amount(after) > Amount(tree) || after.DailyAmountCents(now) > tree.DailyAmountCents(now),
        };
    }

    private static List<SwitchedObject> Switched(CampaignTree tree, TreeObject one, EditKind kind)
    {
        var to = kind switch { EditKind.Publish or EditKind.Resume => "ACTIVE", EditKind.Pause => "PAUSED", EditKind.Archive => "ARCHIVED", EditKind.Delete => "DELETED", _ => null };
        if (to is null) return [];
        var all = kind is EditKind.Pause or EditKind.Resume ? [one] : tree.Below(one);
        return [.. all.Where(each => each.Status != to && each.Status != "DELETED" && (kind == EditKind.Delete || each.Status != "ARCHIVED"))
            .Select(each => new SwitchedObject(EditWords.LevelOf(each.Kind), each.MetaId, each.Name, each.Status, to))];
    }
}
