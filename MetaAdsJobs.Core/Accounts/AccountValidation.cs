using System.Collections.Frozen;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// Reads an account from a body. When <c>current</c> is given, fields that are absent keep their value and null takes an optional
/// one away.
/// </summary>
internal static partial class AccountValidation
{
    private const string Approval = "approval_required";
    private const string Above = "approval_above_cents";
    private static readonly FrozenSet<string> ApprovalRules = FrozenSet.Create(StringComparer.Ordinal, "none", "always", "above");
    private static readonly string[] Required = ["name", "ad_account_id", "page_id", "currency", "timezone_name", "access_token"];

    public static SocialAccount? Read(JsonFields fields, Guid id, SocialAccount? current, out string? token, out bool unblock)
    {
        var isNew = current is null;
        var name = fields.Text("name", required: isNew, max: 200);
        var adAccountId = ReadAdAccount(fields, isNew);
        var pageId = Matching(fields, "page_id", isNew, Digits(), "must be the page's numeric id");
        var instagramUserId = Matching(fields, "instagram_user_id", false, Digits(), "must be the Instagram account's numeric id");
        var pixelId = Matching(fields, "pixel_id", false, Digits(), "must be the pixel's numeric id");
        var currency = fields.Text("currency", required: isNew);
        if (currency is not null && !Currency.IsKnown(currency)) fields.Refuse("currency", "must be the ISO code of a currency that Meta bills in, such as USD");
        var timezone = fields.Text("timezone_name", required: isNew);
        if (timezone is not null && !IsIana(timezone)) fields.Refuse("timezone_name", "must be an IANA time zone such as America/New_York");
        var countries = fields.List("default_countries", 250, fields.CountryOf);
        var beneficiary = fields.Text("dsa_beneficiary");
        var payor = fields.Text("dsa_payor");
        var campaignCap = fields.Whole("campaign_cap_cents", 1, 1_000_000_000_000_000);
        var dailyCap = fields.Whole("daily_cap_cents", 1, 1_000_000_000_000_000);
        var capsOff = fields.Flag("caps_off");
        var (approval, above) = ReadApproval(fields, current);
        token = ReadToken(fields, isNew);
        unblock = !isNew && fields.Flag("unblock") == true;
        if (!isNew)
            foreach (var required in Required.Where(fields.IsNull)) fields.Refuse(required, "cannot be taken away");
        // A running orchestration looks for its objects where it made them, and its budget was converted: neither may move.
        RefuseChange(fields, "ad_account_id", current?.AdAccountId, adAccountId);
        RefuseChange(fields, "currency", current?.Currency, currency);
        fields.RefuseUnknown();
        if (fields.Errors.Any) return null;
        return new()
        {
            Id = id, Name = name ?? current!.Name, AdAccountId = adAccountId ?? current!.AdAccountId, PageId = pageId ?? current!.PageId,
            InstagramUserId = fields.IsNull("instagram_user_id") ? null : instagramUserId ?? current?.InstagramUserId,
            PixelId = fields.IsNull("pixel_id") ? null : pixelId ?? current?.PixelId,
            Currency = currency ?? current!.Currency, TimezoneName = timezone ?? current!.TimezoneName,
            DefaultCountries = fields.IsNull("default_countries") ? [] : countries ?? current?.DefaultCountries ?? [],
            DsaBeneficiary = fields.IsNull("dsa_beneficiary") ? null : beneficiary ?? current?.DsaBeneficiary,
            DsaPayor = fields.IsNull("dsa_payor") ? null : payor ?? current?.DsaPayor,
            CampaignCapCents = fields.IsNull("campaign_cap_cents") ? null : campaignCap ?? current?.CampaignCapCents,
            DailyCapCents = fields.IsNull("daily_cap_cents") ? null : dailyCap ?? current?.DailyCapCents,
            ApprovalRequired = approval, ApprovalAboveCents = above,
            CapsOff = capsOff ?? (!fields.IsNull("caps_off") && current?.CapsOff == true),
        };
    }

    public static string? ReadAdAccount(JsonFields fields, bool isNew) => Matching(fields, "ad_account_id", isNew, AdAccount(), "must be act_ and digits, as Ads Manager's address shows it");

    public static string? ReadToken(JsonFields fields, bool isNew)
    {
        var token = fields.Text("access_token", required: isNew, max: 2000);
        if (token is not null && token.Any(c => c is <= ' ' or > '~')) fields.Refuse("access_token", "must be printable ASCII without spaces");
        return token;
    }

    // The two are one setting: who names another rule leaves the old one's amount.
    private static (string Rule, long? AboveCents) ReadApproval(JsonFields fields, SocialAccount? current)
    {
        var rule = fields.Word(Approval, ApprovalRules) ?? (fields.IsNull(Approval) ? "none" : current?.ApprovalRequired ?? "none");
        var above = fields.Whole(Above, 0, 1_000_000_000_000_000);
        if (rule != "above")
        {
            if (above is not null) fields.Refuse(Above, $"is only for {Approval} above");
            return (rule, null);
        }

        above ??= fields.IsNull(Above) ? null : current?.ApprovalAboveCents;
        if (above is null && !fields.Has(Above)) fields.Refuse(Above, $"is required with {Approval} above");
        return (rule, above);
    }

    private static void RefuseChange(JsonFields fields, string name, string? current, string? given)
    {
        if (current is not null && given is not null && given != current) fields.Refuse(name, $"cannot change from {current}; retire this account and add another instead");
    }

    // The look at the name comes first: .NET also finds Windows names, other capitals and paths into the zone folder.
    private static bool IsIana(string name) => Zone().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId;

    private static string? Matching(JsonFields fields, string name, bool required, Regex pattern, string message)
    {
        var text = fields.Text(name, required, max: 100);
        if (text is null || pattern.IsMatch(text)) return text;
        fields.Refuse(name, message);
        return null;
    }

    // Without zeros in front: one ad account is written in one way.
    [GeneratedRegex("^act_[1-9][0-9]*$")]
    private static partial Regex AdAccount();

    [GeneratedRegex("^(UTC|[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)+)$")]
    private static partial Regex Zone();

    [GeneratedRegex("^[0-9]+$")]
    private static partial Regex Digits();
}
