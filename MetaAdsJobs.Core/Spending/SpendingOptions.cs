using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// What may be spent where an account says nothing else. In hundredths of a whole unit of the account's currency; a hundredfold for
/// currencies that have no minor unit at Meta (JPY, KRW, HUF …).
/// </summary>
public sealed class SpendingOptions : IValidatableObject
{
    public const string Section = "Spending";
    public const string Off = "off";

    /// <summary>CAMPAIGN_CAP_CENTS: the most a campaign may spend a day, or "off". Default 100000: 1,000 USD, or 100,000 JPY.</summary>
    [Required]
    public string CampaignCapCents { get; set; } = "100000";

    /// <summary>ACCOUNT_DAILY_CAP_CENTS: the most all active campaigns of an account may spend a day, or "off". Default 1000000.</summary>
    [Required]
    public string AccountDailyCapCents { get; set; } = "1000000";

    /// <summary>Calls to Meta that one stop, or one start, makes at a time. Default 16.</summary>
    [Range(1, 64)]
    public int PausesAtOnce { get; set; } = 16;

    internal long? CampaignCap => Parse(CampaignCapCents);

    internal long? AccountDailyCap => Parse(AccountDailyCapCents);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in ((string, string)[])[(nameof(CampaignCapCents), CampaignCapCents), (nameof(AccountDailyCapCents), AccountDailyCapCents)])
            if (value != Off && Parse(value) is null) yield return new("must be a whole number above 0, or off", [name]);
    }

    private static long? Parse(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var cents) && cents is > 0 and <= 1_000_000_000_000_000 ? cents : null;
}
