using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.AspNetCore.WebUtilities;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class GraphFieldsTests
{
    [Test]
    public void Text_goes_as_it_is_and_lists_and_maps_as_compact_json()
    {
        var fields = new GraphFields()
            .Add("name", "Möbel & \"Söhne\" + 1 %")
            .Add("daily_budget", 10000)
            .Add("is_adset_budget_sharing_enabled", false)
            .Add("special_ad_categories", new JsonArray())
            .Add("creative", new JsonObject { ["creative_id"] = "1", ["title"] = "Ünï <b>" });

        Assert.That(fields.Encoded.Select(field => (field.Key, field.Value)), Is.EqualTo(new[]
        {
            ("name", "Möbel & \"Söhne\" + 1 %"), ("daily_budget", "10000"), ("is_adset_budget_sharing_enabled", "false"),
            ("special_ad_categories", "[]"), ("creative", """{"creative_id":"1","title":"Ünï <b>"}"""),
        }));
    }

    [Test]
    public void What_is_null_is_left_out()
    {
        var fields = new GraphFields().Add("a", (string?)null).Add("b", (long?)null).Add("c", (bool?)null).Add("d", (JsonNode?)null);

        Assert.That(fields.Encoded, Is.Empty);
    }

    [Test]
    public void Numbers_do_not_follow_the_machines_language()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            // Writes the minus sign as U+2212 and groups digits with spaces.
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("sv-SE");
            Assert.That(new GraphFields().Add("n", -1234567).Encoded[0].Value, Is.EqualTo("-1234567"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Test]
    public void Any_text_comes_out_of_a_form_as_it_went_in()
    {
        Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
        {
            using var form = new FormUrlEncodedContent(new GraphFields().Add("name", text).Encoded);
            using var stream = form.ReadAsStream();
            using var reader = new StreamReader(stream);
            return QueryHelpers.ParseQuery(reader.ReadToEnd())["name"] == text;
        });
    }
}
