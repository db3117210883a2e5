using System.Net;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Addresses;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Events;

/// <summary>No address that somebody gives leads into the network, whatever it is called and wherever it leads on to.</summary>
[TestFixture]
public sealed class AddressTests
{
    private const string Inside = "not on the public internet";
    private Receiver _receiver = null!;

    [SetUp]
    public async Task StartAsync() => _receiver = await Receiver.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _receiver.DisposeAsync();

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::ffff:127.0.0.1]")]
    [TestCase("2130706433", Description = "127.0.0.1 as one number")]
    [TestCase("0x7f.1")]
    [TestCase("0.0.0.0")]
    public async Task A_host_inside_is_not_even_called(string host)
    {
        Assert.That((await SendAsync($"http://{host}:{_receiver.Port}/hook", new HostNames())).Error, Does.Contain(Inside));
        Assert.That(_receiver.All, Is.Empty);
    }

    [TestCase("10.0.0.1")]
    [TestCase("169.254.169.254")]
    [TestCase("::1")]
    [TestCase("::ffff:10.0.0.1")]
    [TestCase("fd00::1")]
    [TestCase("fe80::1")]
    [TestCase("2002:a00:1::")]
    [TestCase("64:ff9b::a00:1")]
    [TestCase("100.64.0.1")]
    [TestCase("224.0.0.1")]
    public async Task A_name_that_leads_inside_is_not_called(string address)
    {
        Assert.That((await SendAsync("http://outside.example/hook", new Names([address]))).Error, Does.Contain(Inside));
    }

    [Test]
    public async Task A_name_that_leads_elsewhere_a_moment_later_is_looked_at_again_at_the_next_connection()
    {
        // The first address is of a part of the internet that nobody has: a connection to it is tried, and cannot be made.
        var names = new Names(["2d00::1"], ["127.0.0.1"]);
        var url = $"http://rebinding.example:{_receiver.Port}/hook";
        using var http = new HttpClient(WebhookSender.Handler(new() { TimeoutSeconds = 1 }, names));
        Assert.That((await SendAsync(url, http)).Error, Does.Not.Contain(Inside).And.Not.Null);
        Assert.That((await SendAsync(url, http)).Error, Does.Contain(Inside));
        Assert.That(_receiver.All, Is.Empty);
        Assert.That(names.Asked, Is.EqualTo(2));
    }

    [Test]
    public async Task Of_several_addresses_only_those_outside_are_tried()
    {
        Assert.That((await SendAsync($"http://both.example:{_receiver.Port}/hook", new Names(["127.0.0.1", "2d00::1"]))).Error, Is.Not.Null.And.Not.Contain(Inside));
        Assert.That(_receiver.All, Is.Empty);
    }

    [Test]
    public async Task A_redirect_is_not_followed()
    {
        _receiver.Answer = (http, _) =>
        {
            (http.Response.StatusCode, http.Response.Headers.Location) = (307, $"http://127.0.0.1:{_receiver.Port}/inside");
            return Task.CompletedTask;
        };
        using var http = new HttpClient(WebhookSender.Handler(new() { AllowPrivateHosts = true }, new HostNames()));
        var answer = await SendAsync(_receiver.Url, http);
        Assert.That((answer.Status, answer.Error), Is.EqualTo((307, "HTTP 307: redirects are not followed")));
        Assert.That(_receiver.All.Select(message => message.Path), Is.EqualTo(["/hook"]));
    }

    [Test]
    public async Task No_more_of_an_answer_is_read_than_a_little_and_no_longer_than_it_may_take()
    {
        _receiver.Answer = async (http, _) =>
        {
            // Without end: whoever reads it all reads for ever.
            try
            {
                while (true) await http.Response.Body.WriteAsync(new byte[4096], http.RequestAborted);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // Hung up on, as it should be.
            }
        };
        using var http = new HttpClient(WebhookSender.Handler(new() { AllowPrivateHosts = true }, new HostNames()));
        Assert.That((await SendAsync(_receiver.Url, http)).IsReceived, Is.True);

        _receiver.Answer = (http, _) => Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.That((await SendAsync(_receiver.Url, http)).Error, Is.EqualTo("no answer within 2 s"));
    }

    [TestCase("http://receiver.example/hook", "must be https")]
    [TestCase("https://127.0.0.1/hook", "must be on the public internet")]
    [TestCase("https://localhost/hook", "must be on the public internet")]
    [TestCase("https://api.localhost./hook", "must be on the public internet")]
    [TestCase("https://[::1]/hook", "must be on the public internet")]
    [TestCase("https://[::ffff:10.1.2.3]/hook", "must be on the public internet")]
    [TestCase("https://192.168.1.1:8443/hook", "must be on the public internet")]
    [TestCase("https://2130706433/hook", "must be on the public internet")]
    [TestCase("https://user:secret@receiver.example/hook", "must be an absolute http or https URL")]
    [TestCase("ftp://receiver.example/hook", "must be an absolute http or https URL")]
    public async Task An_address_inside_is_refused_by_its_field_when_it_is_given(string url, string why)
    {
        await using var core = await InProcess.CreateAsync();
        var saved = await core.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonSerializer.SerializeToElement(new JsonObject { ["url"] = url }), "ann", CancellationToken.None);
        Assert.That((saved as WebhookSaved.Invalid)?.Errors.ToDictionary()["url"], Has.Some.Contains(why));
    }

    [TestCase("https://discord.example/api/webhooks/12/key?wait=true", "https://discord.example/…?…")]
    [TestCase("https://receiver.example:8443/hook/", "https://receiver.example:8443/…")]
    [TestCase("https://receiver.example/hook?key=1", "https://receiver.example/…?…")]
    [TestCase("https://receiver.example/key", "https://receiver.example/…", Description = "make.com, ntfy")]
    [TestCase("https://receiver.example/?key=1", "https://receiver.example/?…")]
    [TestCase("https://receiver.example", "https://receiver.example/")]
    public void Of_an_address_no_more_is_shown_than_tells_whose_it_is(string url, string shown) => Assert.That(Webhook.Show(url, Webhook.CloudEvents), Is.EqualTo(shown));

    [Test]
    public async Task So_it_is_of_those_of_which_more_was_shown()
    {
        await using var world = await EventWorld.StartAsync();
        foreach (var (number, shown) in ((int, string)[])[(1, "https://discord.example/api/webhooks/12/key?…"), (2, "https://receiver.example/hook?…"), (3, "https://receiver.example/hook/"), (4, "https://receiver.example/"), (5, "https://receiver.example/?…"), (6, "https://receiver.example/key")])
            await world.QueryAsync<int>("UPDATE webhooks SET shown_url = @shown, description = @number WHERE id = @Id", new { (await world.AddWebhookAsync()).Id, shown, number = $"{number}" });
        foreach (var migration in (string[])["V0101__addresses_shown_shorter.sql", "V0115__addresses_shown_by_host.sql"]) await world.QueryAsync<int>(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "db", "migrations", migration)));
        Assert.That(await world.QueryAsync<string>("SELECT shown_url FROM webhooks ORDER BY description"),
            Is.EqualTo((string[])["https://discord.example/…?…", "https://receiver.example/…?…", "https://receiver.example/…", "https://receiver.example/", "https://receiver.example/?…", "https://receiver.example/…"]));
    }

    private static async Task<DeliveryAnswer> SendAsync(string url, IHostNames names)
    {
        using var http = new HttpClient(WebhookSender.Handler(new() { TimeoutSeconds = 2 }, names));
        return await SendAsync(url, http);
    }

    private static Task<DeliveryAnswer> SendAsync(string url, HttpClient http) => new WebhookSender(http, new() { TimeoutSeconds = 2 }, TimeProvider.System)
        .SendAsync(new Uri(url), [StandardWebhooks.NewSecret()], Guid.NewGuid(), "{}"u8.ToArray(), "application/json", CancellationToken.None);

    /// <summary>A resolver that somebody else has a hand in: each time it is asked it may say something else.</summary>
    private sealed class Names(params string[][] answers) : IHostNames
    {
        public int Asked { get; private set; }

        public Task<IPAddress[]> FindAsync(string host, CancellationToken ct) => Task.FromResult(Array.ConvertAll(answers[Math.Min(Asked++, answers.Length - 1)], IPAddress.Parse));
    }
}
