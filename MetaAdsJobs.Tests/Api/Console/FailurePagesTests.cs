using System.Net.Http.Headers;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What people at a browser are told when something is not there, or away.</summary>
[TestFixture]
public sealed class FailurePagesTests
{
    [Test]
    public async Task A_person_gets_a_page_and_a_program_gets_problem_details_whatever_fails()
    {
        await using var postgres = await TestCluster.StartOwnAsync();
        var database = await TestDatabase.CreateAsync(postgres);
        await using var service = await Service.StartAsync(workers: 0, database);
        using var person = service.Client("viewer");
        person.Http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var program = service.Client("viewer");

        AssertPage(await person.GetAsync("/console/nothing"), 404, "There is nothing here");
        Assert.That((await program.GetAsync("/console/nothing")).Text, Does.StartWith("{"));
        Assert.That((await person.GetAsync("/console/nothing?lang=es")).Text, Does.Contain("<html lang=\"es\">").And.Contain("Aquí no hay nada"));

        await ExecuteAsync(database, "ALTER TABLE clips RENAME TO clips_elsewhere");
        var failed = await person.GetAsync("/console/clips");
        AssertPage(failed, 500, "Something went wrong");
        var id = System.Text.RegularExpressions.Regex.Match(failed.Text, "<code>([^<]+)</code>").Groups[1].Value;
        Assert.That(failed.Text, Does.Not.Contain("clips_elsewhere").And.Not.Contain("Exception"));
        await Eventually.TrueAsync(() => Task.FromResult(service.Logs().Contains(id, StringComparison.Ordinal) && service.Logs().Contains("of the console failed", StringComparison.Ordinal)), () => $"{id} is not in the logs");

        await postgres.StopAsync();
        database.DataSource.Clear();
        var away = await person.GetAsync("/console?status=failed&search=%22%3E%3Cscript%3E");
        AssertPage(away, 503, "The database is away");
        Assert.That(away.Text, Does.Contain("http-equiv=\"refresh\" content=\"10\"").And.Contain("/console?status=failed&amp;search=").And.Not.Contain("<script>"));
        Assert.That(away.Header("Retry-After"), Is.EqualTo("10"));
        Assert.That((await program.GetAsync("/console")).Text, Does.StartWith("{"));

        await postgres.RestartAsync(CancellationToken.None);
        await Eventually.TrueAsync(async () => (await person.GetAsync("/console")).Code == 200, () => "the console stayed away");
    }

    private static void AssertPage(ApiAnswer answer, int code, string title) => Assert.Multiple(() =>
    {
        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(answer.Message.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/html"));
        Assert.That(answer.Text, Does.Contain($"<h1>{title}</h1>"));
        Assert.That(answer.Header("Content-Security-Policy"), Does.StartWith("default-src 'none'").And.Contain("frame-ancestors 'none'").And.Not.Contain("script-src"));
        Assert.That(answer.Header("Cache-Control"), Does.Contain("no-store"));
        Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"));
    });

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
