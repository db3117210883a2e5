using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>What every refusal has in common: problem details, and not one row written.</summary>
internal static class Refusals
{
    private static readonly string[] Tables = ["orchestrations", "social_accounts", "clips"];

    /// <summary>What a worker writes by itself, too: schedules make jobs, and a run that has succeeded asks for a sync.</summary>
    private static readonly string[] TablesOfWorkers = ["hangfire.job", "insight_syncs"];

    public static async Task<ApiAnswer> RefusesAsync(this Service service, int code, Func<Task<ApiAnswer>> call)
    {
        var before = await RowsAsync(service);
        var answer = await call();
        answer.AssertProblem(code);
        Assert.That(await RowsAsync(service), Is.EqualTo(before), $"rows of {string.Join(", ", TablesOf(service))}");
        return answer;
    }

    /// <summary>A 422 that complains about exactly these JSON paths.</summary>
    public static async Task RefusesFieldsAsync(this Service service, Func<Task<ApiAnswer>> call, params string[] paths)
    {
        var answer = await service.RefusesAsync(422, call);
        Assert.That(answer.WrongFields, Is.EquivalentTo(paths), answer.Text);
    }

    /// <summary>A refusal of this kind.</summary>
    public static void AssertProblem(this ApiAnswer answer, int status, string code)
    {
        answer.AssertProblem(status);
        Assert.That(((string?)answer.Json["code"], (string?)answer.Json["type"]), Is.EqualTo((code, $"urn:metaadsjobs:problem:{code}")), answer.Text);
    }

    public static void AssertProblem(this ApiAnswer answer, int code)
    {
        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        Assert.That(answer.Message.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"), answer.Text);
        Assert.That((int?)answer.Json["status"], Is.EqualTo(code), answer.Text);
        Assert.That((string?)answer.Json["title"], Is.Not.Null.And.Not.Empty, answer.Text);
        Assert.That((string?)answer.Json["trace_id"], Is.EqualTo(answer.Header("X-Request-Id")).And.Not.Null, answer.Text);
    }

    private static IEnumerable<string> TablesOf(Service service) => service.HasWorkers ? Tables : Tables.Concat(TablesOfWorkers);

    private static async Task<long[]> RowsAsync(Service service)
    {
        var rows = new List<long>();
        foreach (var table in TablesOf(service)) rows.Add(await service.Database.DataSource.RowsAsync(table));
        return [.. rows];
    }
}
