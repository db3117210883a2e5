using System.Text.RegularExpressions;

namespace MetaAdsJobs.Tests.Walls;

/// <summary>Who may know what (docs/architecture.md). A wall that stands in no test does not stand for long.</summary>
[TestFixture]
public sealed partial class ModuleTests
{
    private const string Stub = "MetaAdsJobs.StubGraph";

    [Test]
    public void Only_Jobs_knows_Hangfire()
    {
        Assert.That(SourceCode.In("MetaAdsJobs.Core/Jobs").SelectMany(file => file.Matches(Hangfire())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.ProductOutside("MetaAdsJobs.Core/Jobs").SelectMany(file => file.Matches(Hangfire())), Is.Empty);
    }

    [Test]
    public void Only_Meta_knows_the_Graphs_addresses_fields_and_codes()
    {
        Assert.That(SourceCode.In("MetaAdsJobs.Core/Meta").SelectMany(file => file.Matches(Graph())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.ProductOutside("MetaAdsJobs.Core/Meta", Stub).SelectMany(file => file.Matches(Graph())), Is.Empty);
    }

    [Test]
    public void Only_Core_and_the_launcher_speak_to_the_database()
    {
        Assert.That(SourceCode.In("MetaAdsJobs.Core/Accounts").SelectMany(file => file.Matches(Sql())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.In("MetaAdsJobs.Console", "MetaAdsJobs.Api", "MetaAdsJobs.Worker").SelectMany(file => file.Matches(Sql())), Is.Empty);
    }

    [Test]
    public void Console_Api_and_Worker_do_not_call_Meta()
    {
        Assert.That(SourceCode.In("MetaAdsJobs.Core/Orchestrations").SelectMany(file => file.Matches(MetaClient())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.In("MetaAdsJobs.Console", "MetaAdsJobs.Api", "MetaAdsJobs.Worker").SelectMany(file => file.Matches(MetaClient())), Is.Empty);
    }

    [Test]
    public void Core_does_not_know_the_console_nor_who_hosts_it() =>
        Assert.That(SourceCode.In("MetaAdsJobs.Core").SelectMany(file => file.Matches(Hosts()).Concat(file.Matches(Console()))), Is.Empty);

    [Test]
    public void The_console_does_not_know_who_hosts_it() =>
        Assert.That(SourceCode.In("MetaAdsJobs.Console").SelectMany(file => file.Matches(Hosts())), Is.Empty);

    [Test]
    public void Only_the_Api_knows_the_console()
    {
        Assert.That(SourceCode.In("MetaAdsJobs.Api").SelectMany(file => file.Matches(Console())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.In("MetaAdsJobs.Worker", "MetaAdsJobs.Launch").SelectMany(file => file.Matches(Console())), Is.Empty);
    }

    [Test]
    public void Programs_are_refused_by_Problem_alone_so_that_each_refusal_has_its_code() =>
        Assert.That(SourceCode.In("MetaAdsJobs.Api", "MetaAdsJobs.Console").SelectMany(file => file.Matches(OtherRefusal())), Is.Empty);

    [Test]
    public void Nothing_in_Core_knows_the_stub()
    {
        Assert.That(SourceCode.In(Stub).SelectMany(file => file.Matches(StubGraph())), Is.Not.Empty, "the pattern finds nothing");

        Assert.That(SourceCode.In("MetaAdsJobs.Core").SelectMany(file => file.Matches(StubGraph())), Is.Empty);
    }

    // A mistake of the client's that the stub shared would be seen by nobody.
    [Test]
    public void The_stub_knows_no_more_of_Core_than_its_plug_and_Metas_names() =>
        Assert.That(SourceCode.In(Stub).Where(file => file.Matches(Core()).Any()).Select(file => file.Path),
            Is.EquivalentTo((string[])[$"{Stub}/StubGraphServices.cs", $"{Stub}/Insights/InsightQuery.cs"]));

    // The package by its namespaces and entry points; "/hangfire" as an address and the log category are no knowledge of it.
    [GeneratedRegex(@"using (static )?Hangfire\b|(?<![\w""./])Hangfire\.|\b(BackgroundJob|RecurringJob|JobStorage|DashboardOptions|UseHangfire|AddHangfire|MapHangfire)\w*\b")]
    private static partial Regex Hangfire();

    // Edges and fields that only the Graph has (effective_status and special_ad_categories are words of our own contract, too), its host, and
    // decisions by its codes. act_ alone is the account id as our own API takes it.
    [GeneratedRegex(
        @"graph\.facebook|object_story_spec|promoted_object|appsecret_proof|fbtrace|error_subcode|targeting_automation|video_data|link_data|file_url"
        + @"|time_increment|adcreatives|advideos|adimages|/adsets|/ads""|/insights\?|act_[{/]|\b(Code|Subcode) (is|==|!=) |X-Business-Use-Case")]
    private static partial Regex Graph();

    [GeneratedRegex(@"using (Npgsql|Dapper)|\b(SELECT|DELETE) .*\bFROM\b|INSERT INTO|UPDATE \w+ SET|Npgsql(Connection|Command|DataSource)")]
    private static partial Regex Sql();

    [GeneratedRegex(@"\b(GraphClient|GraphFields|GraphCredential|MetaAds|MetaVideos|MetaInsights)\b|IHttpClientFactory|new HttpClient")]
    private static partial Regex MetaClient();

    // The mode's name alone is no knowledge of what answers in it.
    [GeneratedRegex(@"\bStub[A-Z]\w*|\bstub_graph\b")]
    private static partial Regex StubGraph();

    [GeneratedRegex(@"\bResults\.(Problem|ValidationProblem|Conflict|UnprocessableEntity)\(")]
    private static partial Regex OtherRefusal();

    [GeneratedRegex(@"MetaAdsJobs\.Core\b")]
    private static partial Regex Core();

    [GeneratedRegex(@"MetaAdsJobs\.(Api|Worker|Launch)\b")]
    private static partial Regex Hosts();

    [GeneratedRegex(@"MetaAdsJobs\.Console\b")]
    private static partial Regex Console();
}
