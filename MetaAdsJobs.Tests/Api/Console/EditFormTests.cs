using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Campaigns;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What of the form for a campaign's change is sent.</summary>
[TestFixture]
public sealed class EditFormTests
{
    private static readonly TimeZoneInfo Madrid = TimeZoneInfo.FindSystemTimeZoneById("Europe/Madrid");

    private static readonly CampaignObject AdSet = new("1", "Shoes [majabcdefghijklmnops]", "ACTIVE", null, 10050, null, null, new DateTimeOffset(2027, 3, 1, 22, 30, 0, TimeSpan.Zero), null, []);

    [TestCase("name", "Shoes", "{}", TestName = "As it stands: nothing")]
    [TestCase("name", "", "{}", TestName = "Emptied: nothing")]
    [TestCase("name", "Boots", """{"name":"Boots"}""")]
    [TestCase("daily_budget_cents", "100.50", "{}")]
    [TestCase("daily_budget_cents", "120", """{"daily_budget_cents":12000,"if_budget_is":10050}""", TestName = "A budget only over the one that was seen")]
    [TestCase("daily_budget_cents", "1.505", """{"daily_budget_cents":"1.505","if_budget_is":10050}""", TestName = "What is no amount is refused by its use case")]
    [TestCase("end_time", "2027-03-01T23:30", "{}")]
    [TestCase("end_time", "2027-03-02T23:30", """{"end_time":"2027-03-02T23:30:00\u002B01:00"}""")]
    [TestCase("end_time", "2027-03-28T02:30", """{"end_time":"2027-03-28T02:30"}""", TestName = "An hour that the zone leaves out is none")]
    [TestCase("end_time", "2027-10-31T02:30", """{"end_time":"2027-10-31T02:30:00\u002B02:00"}""", TestName = "Of an hour that comes twice the first")]
    [TestCase("targeting", "{ \"age_min\":18,\r\n\"genders\": [1] }", "{}", TestName = "The same JSON in other lines: nothing")]
    [TestCase("targeting", """{"age_min":21}""", """{"targeting":{"age_min":21}}""")]
    [TestCase("targeting", "{", """{"targeting":"{"}""", TestName = "What is no JSON is refused by its use case")]
    public void Only_what_a_person_has_changed_is_sent(string field, string typed, string body)
    {
        var opened = EditForm.Of(EditLevel.Adset, AdSet, new() { ["age_min"] = 18, ["genders"] = new JsonArray(1) }, Madrid);
        var form = EditForm.Fields.Append("targeting").SelectMany(name => (string[])[name, EditForm.WasOf(name)]).ToDictionary(name => name, name => new StringValues(opened[name]));
        form[field] = typed;

        Assert.That(EditForm.Body(new FormCollection(form), Madrid).ToJson().GetRawText(), Is.EqualTo(body));
    }

    [Test]
    public void What_is_no_amount_and_no_time_is_told_in_the_forms_words()
    {
        var form = new FormCollection(new() { ["daily_budget_cents"] = "1,000.5", ["end_time"] = "2027-03-28T02:30" });
        var refused = EditForm.Body(form, Madrid).Refused(new());

        Assert.That(refused.ErrorsAt("daily_budget_cents").Select(error => error.Message), Is.EqualTo([FormMoney.Wrong]));
        Assert.That(refused.ErrorsAt("end_time").Select(error => error.Message), Is.EqualTo([FormMoment.Wrong]));
    }
}
