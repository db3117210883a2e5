using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class GraphSpanTests
{
    [TestCase("act_1/campaigns", "campaigns")]
    [TestCase("120210001/adsets", "adsets")]
    [TestCase("6042/insights", "insights")]
    [TestCase("debug_token", "debug_token")]
    [TestCase("act_1", "account")]
    [TestCase("120210001", "object")]
    [TestCase("act_1/a_new_edge", "other")]
    [TestCase("", "object")]
    public void A_path_is_told_by_what_it_leads_to_and_never_by_whose_it_is(string path, string edge) => Assert.That(GraphSpan.EdgeOf(path), Is.EqualTo(edge));
}
