using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

[TestFixture, HasServiceAlone]
public sealed class CancelAndRetryTests
{
    [TestCase("cancel")]
    [TestCase("retry")]
    public async Task An_unknown_run_is_not_found(string order)
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client("manager");
        await service.RefusesAsync(404, () => client.PostAsync($"/meta/orchestrate/runs/{Guid.NewGuid()}/{order}"));
    }

    [Test]
    public async Task A_queued_run_cannot_be_retried()
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client();
        var id = await client.AcceptAsync(await client.NewRequestAsync());
        var answer = await service.RefusesAsync(409, () => client.PostAsync($"/meta/orchestrate/runs/{id}/retry"));
        Assert.That((string?)answer.Json["detail"], Does.Contain("queued"));
    }

    [Test]
    public async Task A_run_that_has_succeeded_can_be_neither_cancelled_nor_retried()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        var id = await client.AcceptAsync(await client.NewRequestAsync());
        await client.UntilAsync(id, "succeeded");
        foreach (var order in (string[])["cancel", "retry"])
        {
            var answer = await client.PostAsync($"/meta/orchestrate/runs/{id}/{order}");
            answer.AssertProblem(409);
            Assert.That((string?)answer.Json["detail"], Does.Contain("succeeded"));
        }

        Assert.That((string?)(await client.RunAsync(id))["status"], Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_queued_run_that_is_cancelled_ends_cancelled_and_never_reaches_Meta()
    {
        await using var service = await Service.StartAsync(workers: 0);
        using var client = service.Client();
        var id = await client.AcceptAsync(await client.NewRequestAsync());
        var answer = await client.PostAsync($"/meta/orchestrate/runs/{id}/cancel");
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        Assert.That(answer.Header("Location"), Is.EqualTo($"/meta/orchestrate/runs/{id}"));
        Assert.That((string?)answer.Json["request_id"], Is.EqualTo(id));

        await service.StartWorkerAsync();
        var run = await client.UntilAsync(id);
        Assert.That((string?)run["status"], Is.EqualTo("cancelled"), run.ToJsonString());
        Assert.That((bool)run["overall_success"]!, Is.False);
        foreach (var kind in GraphWorld.Kinds) Assert.That(await service.GraphDatabase.DataSource.CountEverAsync(kind), Is.Zero, kind);
        (await client.PostAsync($"/meta/orchestrate/runs/{id}/cancel")).AssertProblem(409);
        (await client.PostAsync($"/meta/orchestrate/runs/{id}/retry")).AssertProblem(409);
    }

    [Test]
    public async Task A_run_that_Meta_refused_tells_why_and_succeeds_when_retried()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        service.Graph.Faults.Add(call => call.IsCreate && call.Path == "act_1885183/adsets", GraphFaults.Refused(100, 1885183, "Budget", "Raise the budget of your ad set."));
        var id = await client.AcceptAsync(await client.NewRequestAsync(account => account["ad_account_id"] = "act_1885183"));
        var failed = await client.UntilAsync(id);
        Assert.That((string?)failed["status"], Is.EqualTo("failed"), failed.ToJsonString());
        Assert.That((string?)failed["errors"]!.AsArray()[0], Does.Contain("Raise the budget of your ad set."));
        (await client.PostAsync($"/meta/orchestrate/runs/{id}/cancel")).AssertProblem(409);

        var answer = await client.PostAsync($"/meta/orchestrate/runs/{id}/retry");
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        var run = await client.UntilAsync(id);
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        Assert.That(run["errors"]!.AsArray(), Is.Empty);
    }
}
