using System.Globalization;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Console.Accounts;

/// <summary>An account's form: its fields are the API's, by the API's names.</summary>
internal static class AccountForm
{
    public const string Token = "access_token";
    private static readonly string[] Texts = ["name", "ad_account_id", "page_id", "instagram_user_id", "pixel_id", "currency", "timezone_name", "dsa_beneficiary", "dsa_payor", "approval_required"];

    public static readonly IReadOnlyCollection<string> Fields = [.. Texts, "default_countries", "campaign_cap_cents", "daily_cap_cents", "caps_off", "approval_above_cents", Token, "id"];

    /// <summary>To choose from; another may be typed.</summary>
    public static readonly IReadOnlyList<string> Zones =
        [.. TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId && zone.Id.Contains('/', StringComparison.Ordinal)).Select(zone => zone.Id).Append("UTC").Order(StringComparer.Ordinal)];

    public static FormBody Body(IFormCollection form, bool isNew)
    {
        var body = new FormBody(form, emptyIsNull: !isNew)
            .Texts(Texts).Codes("default_countries").Cents("campaign_cap_cents").Cents("daily_cap_cents").Cents("approval_above_cents").Flag("caps_off").TextIfGiven(Token);
        return isNew ? body.TextIfGiven("id") : body;
    }

    /// <summary>When the account had last been changed as the person saw it; null when the form does not say so.</summary>
    public static DateTimeOffset? Seen(IFormCollection form) =>
        DateTimeOffset.TryParseExact(form["seen"], "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var seen) ? seen : null;

    public static FormValues Of(SocialAccount account) => FormValues.Of(
        ("seen", account.UpdatedAt.ToString("O", CultureInfo.InvariantCulture)), ("name", account.Name), ("ad_account_id", account.AdAccountId), ("page_id", account.PageId),
        ("instagram_user_id", account.InstagramUserId), ("pixel_id", account.PixelId), ("currency", account.Currency), ("timezone_name", account.TimezoneName),
        ("default_countries", string.Join(", ", account.DefaultCountries)), ("dsa_beneficiary", account.DsaBeneficiary), ("dsa_payor", account.DsaPayor),
        ("campaign_cap_cents", FormMoney.Show(account.CampaignCapCents)), ("daily_cap_cents", FormMoney.Show(account.DailyCapCents)), ("caps_off", account.CapsOff ? "true" : null),
        ("approval_required", account.ApprovalRequired), ("approval_above_cents", FormMoney.Show(account.ApprovalAboveCents)));
}
