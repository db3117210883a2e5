using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

[TestFixture]
public sealed class RateLimitTests
{
    [Test]
    public async Task A_caller_who_calls_too_often_is_told_when_to_come_back_and_others_are_not_held_up()
    {
        await using var service = await Service.StartAsync(workers: 0, database: null, ("RATE_LIMIT_PER_SECOND", "1"));
        using var hasty = service.Client("viewer", "hasty");
        using var other = service.Client("viewer", "other");
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => hasty.GetAsync("/meta/accounts")));

        var refused = answers.Where(answer => answer.Code == 429).ToList();
        Assert.That(answers.Count(answer => answer.Code == 200), Is.InRange(2, 5), "twice the rate at once, and what the time since allows");
        Assert.That(refused, Is.Not.Empty);
        foreach (var answer in refused)
        {
            answer.AssertProblem(429);
            Assert.That(int.Parse(answer.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), Is.InRange(1, 2));
        }

        // A person at a form is told as people are.
        using var form = new HttpRequestMessage(HttpMethod.Post, "/console/runs/bulk/retry") { Headers = { { "Accept", "text/html" } }, Content = new FormUrlEncodedContent([]) };
        using var page = await hasty.Http.SendAsync(form);
        Assert.That(((int)page.StatusCode, page.Content.Headers.ContentType?.MediaType, page.Headers.RetryAfter is not null), Is.EqualTo((429, "text/html", true)));
        Assert.That(await page.Content.ReadAsStringAsync(), Does.Contain("Nothing was done."));

        Assert.That((await other.GetAsync("/meta/accounts")).Code, Is.EqualTo(200));
        Assert.That((await hasty.GetAsync("/health/live")).Code, Is.EqualTo(200), "health is not limited");
        await Eventually.TrueAsync(async () => (await hasty.GetAsync("/meta/accounts")).Code == 200, () => "the bucket was never filled again");
    }
}
