using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Choosing;

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

    /// <param name="kept">The token that was typed before; null: none.</param>
    public static FormBody Body(IFormCollection form, bool isNew, string? kept)
    {
        var body = new FormBody(form, emptyIsNull: !isNew)
            .Texts(Texts).Codes("default_countries").Cents("campaign_cap_cents").Cents("daily_cap_cents").Cents("approval_above_cents").Flag("caps_off").TextIfGiven(Token).Instead(Token, kept);
        return isNew ? body.TextIfGiven("id") : body;
    }

    /// <summary>What was typed, with a token to go with it, and what of the chosen ad account was not typed.</summary>
    public static FormValues With(FormValues typed, string? keptToken, AccountChoices choices)
    {
        var values = typed.Fields.ToDictionary();
        if (keptToken is not null) values[KeptTokens.Field] = keptToken;
        if (choices.AdAccounts.Items.FirstOrDefault(one => one.AdAccountId == typed["ad_account_id"]) is { } chosen)
        {
            foreach (var (name, value) in ((string, string?)[])[("name", chosen.Name), ("currency", chosen.Currency), ("timezone_name", chosen.TimezoneName)])
                if (typed[name] is null && value is not null) values[name] = value;
        }

        return FormValues.Of(values);
    }

    public static FormValues Of(SocialAccount account) => FormValues.Of(
        (FormSeen.Field, FormSeen.Of(account.UpdatedAt)), ("name", account.Name), ("ad_account_id", account.AdAccountId), ("page_id", account.PageId),
        ("instagram_user_id", account.InstagramUserId), ("pixel_id", account.PixelId), ("currency", account.Currency), ("timezone_name", account.TimezoneName),
        ("default_countries", string.Join(", ", account.DefaultCountries)), ("dsa_beneficiary", account.DsaBeneficiary), ("dsa_payor", account.DsaPayor),
        ("campaign_cap_cents", FormMoney.Show(account.CampaignCapCents)), ("daily_cap_cents", FormMoney.Show(account.DailyCapCents)), ("caps_off", account.CapsOff ? "true" : null),
        ("approval_required", account.ApprovalRequired), ("approval_above_cents", FormMoney.Show(account.ApprovalAboveCents)));
}
