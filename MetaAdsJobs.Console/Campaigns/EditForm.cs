using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;

namespace MetaAdsJobs.Console.Campaigns;

/// <summary>
/// The form of an update: its fields are the API's, by the API's names. Beside each stands what it held when the form was opened: only what a person has
/// changed is sent, and a budget only over the one that was seen.
/// </summary>
internal static class EditForm
{
    private static readonly string[] Budgets = ["daily_budget_cents", "lifetime_budget_cents"];

    public static readonly IReadOnlyList<string> Fields = ["name", .. Budgets, "end_time", "bid_amount_cents"];

    /// <summary>Given as JSON, in the words of a request.</summary>
    public static readonly IReadOnlyList<string> Contents = ["targeting", "creative"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string WasOf(string name) => $"was_{name}";

    public static string? ContentOf(EditLevel level) => level switch
    {
        EditLevel.Adset => Contents[0],
        EditLevel.Ad => Contents[1],
        _ => null,
    };

    /// <param name="content">What of it is one of <see cref="Contents"/>.</param>
    /// <param name="zone">The account's.</param>
    public static FormValues Of(EditLevel level, CampaignObject one, JsonObject? content, TimeZoneInfo zone)
    {
        (string Name, string? Value)[] values =
        [
            ("name", CampaignNames.Readable(one.Name)), ("daily_budget_cents", FormMoney.Show(one.DailyBudgetCents)), ("lifetime_budget_cents", FormMoney.Show(one.LifetimeBudgetCents)),
            ("end_time", FormMoment.Show(one.EndTime, zone)), ("bid_amount_cents", FormMoney.Show(one.BidAmountCents)),
            .. ContentOf(level) is { } name ? [(name, content?.ToJsonString(Readable))] : Array.Empty<(string, string?)>(),
        ];
        return FormValues.Of([.. values, .. values.Select(value => (WasOf(value.Name), value.Value))]);
    }

    /// <summary>The body of the update; empty when nothing was changed.</summary>
    public static FormBody Body(IFormCollection form, TimeZoneInfo zone)
    {
        bool IsChanged(string name) => form[name].ToString().Trim() is { Length: > 0 } typed && typed != form[WasOf(name)].ToString();
        var body = new FormBody(form, emptyIsNull: false);
        if (IsChanged("name")) body.Texts("name");
        foreach (var name in Budgets.Append("bid_amount_cents").Where(IsChanged)) body.Cents(name);
        foreach (var name in Contents.Where(name => IsChanged(name) && Flat(form[name]) != Flat(form[WasOf(name)]))) body.Json(name);
        if (IsChanged("end_time")) body.Moment("end_time", zone);
        return body.Number("if_budget_is", Budgets.Where(IsChanged).Select(name => FormMoney.ToCents(form[WasOf(name)].ToString())).FirstOrDefault());
    }

    // Browsers write ends of lines in their own way.
    private static string Flat(string? text) => string.Concat((text ?? "").Where(c => !char.IsWhiteSpace(c)));
}
