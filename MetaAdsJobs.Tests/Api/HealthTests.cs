using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

[TestFixture, HasServiceAlone]
public sealed class HealthTests
{
    [Test]
    public async Task A_service_without_workers_is_live_but_not_ready_and_says_why()
    {
        using var stranger = (await SharedServices.WithoutWorker).Client(role: null);
        Assert.That((await stranger.GetAsync("/health/live")).Code, Is.EqualTo(200));
        var ready = await stranger.GetAsync("/health/ready");
        Assert.That(ready.Code, Is.EqualTo(503), ready.Text);
        Assert.That((string?)ready.Json["status"], Is.EqualTo("not ready"));
        Assert.That((string?)ready.Json["checks"]!["workers"], Is.EqualTo("none alive"));
        Assert.That((string?)ready.Json["checks"]!["database"], Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_service_with_a_worker_is_ready()
    {
        using var stranger = (await SharedServices.WithWorker).Client(role: null);
        var ready = await stranger.GetAsync("/health/ready");
        Assert.That(ready.Code, Is.EqualTo(200), ready.Text);
        Assert.That((string?)ready.Json["checks"]!["workers"], Is.EqualTo("ok, 1 alive"));
    }

    [Test]
    public async Task Metrics_are_text_that_Prometheus_reads()
    {
        using var stranger = (await SharedServices.WithoutWorker).Client(role: null);
        await stranger.GetAsync("/health/live");
        var metrics = await stranger.GetAsync("/metrics");
        Assert.That(metrics.Code, Is.EqualTo(200));
        Assert.That(metrics.Message.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/plain").Or.EqualTo("application/openmetrics-text"));
        Assert.That(metrics.Text, Does.Contain("# TYPE http_server_request_duration_seconds histogram"));
        Assert.That(metrics.Text, Does.Contain("db_client_connection"), "the database pool's");
    }
}
