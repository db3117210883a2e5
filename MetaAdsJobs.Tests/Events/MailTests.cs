using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Events;

/// <summary>Events by mail: by the same deliveries, tries and log as to webhooks, over real SMTP.</summary>
[TestFixture]
public sealed class MailTests
{
    private const string Password = "a-password-that-nobody-sees";
    private EventWorld _world = null!;
    private MailServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = new();
        _world = await EventWorld.StartAsync(("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", $"{_server.Port}"), ("SMTP_SECURITY", "none"), ("SMTP_FROM", "Ads <ads@example.com>"), ("EVENTS_PUBLIC_URL", "https://ads.example.com"), ("Events:TimeoutSeconds", "60"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _world.DisposeAsync();
        await _server.DisposeAsync();
    }

    [SetUp]
    public Task ForgetAsync()
    {
        _server.Answer = _ => null;
        return _world.QueryAsync<long>("WITH w AS (DELETE FROM webhooks RETURNING 1) SELECT count(*) FROM w");
    }

    [Test]
    public async Task An_event_comes_as_a_mail_with_its_id_and_what_happened()
    {
        var (webhook, secret) = await AddAsync("ops@example.com");
        Assert.That(secret, Is.Null, "a mail is not signed");
        var told = await _world.TellAsync(subject: "79");
        await _world.DeliverAsync();
        var mail = _server.Taken[^1];
        Assert.Multiple(() =>
        {
            Assert.That(mail.To, Is.EqualTo(["ops@example.com"]));
            Assert.That(mail.From, Does.Contain("<ads@example.com>"));
            Assert.That(mail.Header("Message-Id"), Is.EqualTo($"<{told}@example.com>"));
            Assert.That(mail.Header("Subject"), Does.StartWith("MetaAdsJobs: Numbers of"));
            Assert.That(mail.Header("Auto-Submitted"), Is.EqualTo("auto-generated"));
            Assert.That(mail.Text, Does.Contain("it broke").And.Contain("79"));
        });
        Assert.That((await _world.DeliveryAsync(webhook, told!.Value)).Delivery, Has.Property("State").EqualTo("delivered").And.Property("LastStatus").EqualTo(250));
    }

    [Test]
    public async Task What_the_server_does_not_take_is_tried_again_under_the_same_id_and_logged_without_its_words()
    {
        var (webhook, _) = await AddAsync("full@example.com");
        _server.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "452 full@example.com is full" : null;
        var told = (await _world.TellAsync())!.Value;
        await _world.DeliverAsync();
        var first = await _world.DeliveryAsync(webhook, told);
        Assert.That((first.Delivery.State, first.Delivery.LastStatus, first.Delivery.LastError), Is.EqualTo(("pending", 452, "SMTP 452: the address is not taken")));

        _server.Answer = _ => null;
        await _world.DeliverForAsync(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1));
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("delivered"));
        Assert.That(_server.Taken[^1].Header("Message-Id"), Is.EqualTo($"<{told}@example.com>"));
    }

    [Test]
    public async Task A_server_that_wants_a_login_and_got_none_is_told_of_in_the_delivery_which_is_given_up_like_others()
    {
        var (webhook, _) = await AddAsync("ops@example.com");
        _server.Answer = line => line.StartsWith("MAIL", StringComparison.Ordinal) ? "530 5.7.0 Authentication required" : null;
        var told = (await _world.TellAsync())!.Value;
        await _world.DeliverAsync();
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery, Has.Property("State").EqualTo("pending").And.Property("LastError").EqualTo("the mail server wants a login (SMTP_USER, SMTP_PASSWORD)"));
        Assert.That((await _world.WebhookAsync(webhook)).FailingSince, Is.Not.Null);
        await _world.DeliverForAsync(TimeSpan.FromDays(2.5), TimeSpan.FromHours(1));
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("failed"));
    }

    /// <summary>One that nobody can make a text of, for whatever reason.</summary>
    [Test]
    public async Task A_delivery_that_breaks_its_sender_is_a_try_that_failed_and_those_beside_it_arrive()
    {
        var (webhook, _) = await AddAsync("ops@example.com");
        var broken = (await _world.TellAsync())!.Value;
        await _world.QueryAsync<int>("UPDATE events SET data = '[]' WHERE id = @broken", new { broken });
        var whole = (await _world.TellAsync())!.Value;
        await _world.DeliverAsync();
        Assert.That((await _world.DeliveryAsync(webhook, whole)).Delivery.State, Is.EqualTo("delivered"));
        Assert.That((await _world.DeliveryAsync(webhook, broken)).Delivery, Has.Property("State").EqualTo("pending").And.Property("LastError").EqualTo("could not be sent (InvalidOperationException): the service's log tells more"));
        await _world.DeliverForAsync(TimeSpan.FromDays(2.5), TimeSpan.FromHours(1));
        Assert.That((await _world.DeliveryAsync(webhook, broken)).Delivery.State, Is.EqualTo("failed"));
    }

    [Test]
    public async Task A_name_in_an_event_writes_no_header_and_no_second_mail()
    {
        await AddAsync("ops@example.com");
        await using (var connection = await _world.OpenAsync())
        {
            await Outbox.TellAsync(connection, null, new("orchestration.failed", null, "1", _world.Time.GetUtcNow(),
                new() { ["campaign_name"] = "Sale\r\nBcc: other@example.com\r\n\r\n.\r\nMAIL FROM:<x>", ["errors"] = new JsonArray("ü\n.\nQUIT") }), CancellationToken.None);
        }

        var before = _server.Taken.Count;
        await _world.DeliverAsync();
        Assert.That(_server.Taken, Has.Count.EqualTo(before + 1));
        Assert.That(_server.Taken[^1].Header("Bcc"), Is.Null);
        Assert.That(_server.Taken[^1].To, Is.EqualTo(["ops@example.com"]));
    }

    [Test]
    public async Task A_server_that_cannot_encrypt_is_not_spoken_to_unless_that_was_asked_for()
    {
        await using var world = await EventWorld.StartAsync(("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", $"{_server.Port}"), ("SMTP_FROM", "ads@example.com"), ("SMTP_USER", "ann"), ("SMTP_PASSWORD", Password));
        var (webhook, _) = await world.AddWebhookAsync(new() { ["url"] = "mailto:ops@example.com", ["format"] = "mail" });
        var told = (await world.TellAsync())!.Value;
        var before = _server.Taken.Count;
        await world.DeliverAsync();
        var delivery = await world.DeliveryAsync(webhook, told);
        Assert.That(delivery.Delivery.LastError, Does.Contain("encrypted"));
        Assert.That(delivery.Delivery.LastError, Does.Not.Contain(Password));
        Assert.That(_server.Taken, Has.Count.EqualTo(before));
        Assert.That(_server.Heard.Select(heard => heard.Line), Has.None.StartsWith("AUTH"), "though it offers that");
    }

    [TestCase("starttls")]
    [TestCase("tls")]
    public async Task A_server_whose_certificate_nobody_vouches_for_is_told_neither_password_nor_mail(string security)
    {
        using var certificate = MailServer.NewCertificate();
        await using var server = new MailServer(certificate, encryptsAtOnce: security == "tls");
        await using var world = await EventWorld.StartAsync(
            ("SMTP_HOST", "localhost"), ("SMTP_PORT", $"{server.Port}"), ("SMTP_SECURITY", security), ("SMTP_FROM", "ads@example.com"), ("SMTP_USER", "ann"), ("SMTP_PASSWORD", Password));
        var (webhook, _) = await world.AddWebhookAsync(new() { ["url"] = "mailto:ops@example.com", ["format"] = "mail" });
        var told = (await world.TellAsync())!.Value;
        await world.DeliverAsync();
        Assert.That((await world.DeliveryAsync(webhook, told)).Delivery, Has.Property("State").EqualTo("pending").And.Property("LastError").Contains("its certificate is not right"));
        Assert.That(server.Heard.Select(heard => heard.Line.Split(' ')[0]), Is.EqualTo(security == "tls" ? Array.Empty<string>() : ["EHLO", "STARTTLS"]));
    }

    /// <summary>In a process that was told to trust it, as an operator tells it of a certificate of his own.</summary>
    [Test, Long]
    public async Task A_login_is_sent_once_nobody_else_can_read_it([Values("starttls", "tls")] string security)
    {
        using var certificate = MailServer.NewCertificate();
        await using var server = new MailServer(certificate, encryptsAtOnce: security == "tls");
        var trusted = Path.GetTempFileName();
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
        await using var service = await Service.StartProcessesAsync(workers: 1, database: await TestDatabase.CreateAsync(), ("SSL_CERT_FILE", trusted), ("SMTP_HOST", "localhost"), ("SMTP_PORT", $"{server.Port}"), ("SMTP_SECURITY", security),
            ("SMTP_FROM", "ads@example.com"), ("SMTP_USER", "ann"), ("SMTP_PASSWORD", Password));
        using var client = service.Client();
        var made = await client.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "mailto:ops@example.com", ["format"] = "mail" });
        await client.PostAsync($"/meta/webhooks/{made.Json["id"]}/test");
        await Eventually.TrueAsync(() => Task.FromResult(server.Taken.Count == 1), () => $"no mail has come: {string.Join(", ", server.Heard)}", service.Logs);
        var login = server.Heard.Single(heard => heard.Line.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.That((login.Line, login.IsEncrypted), Is.EqualTo(($"AUTH PLAIN {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann\0{Password}"))}", true)));
        Assert.That(server.Heard.Where(heard => !heard.IsEncrypted).Select(heard => heard.Line.Split(' ')[0]), Is.EqualTo(security == "tls" ? Array.Empty<string>() : ["EHLO", "STARTTLS"]));
        File.Delete(trusted);
    }

    [TestCase("https://example.com", "mail", "url", "must be one mail address")]
    [TestCase("mailto:nobody", "mail", "url", "must be one mail address")]
    [TestCase("mailto:a@example.com,b@example.com", "mail", "url", "must be one mail address")]
    [TestCase("mailto:a@example.com?bcc=b@example.com", "mail", "url", "must be one mail address")]
    [TestCase("mailto:a@example.com%0d%0aBcc:b@example.com", "mail", "url", "must be one mail address")]
    [TestCase("mailto:a@example.com", "slack", "url", "must be an absolute http")]
    public async Task Only_one_mail_address_is_taken(string url, string format, string field, string message)
    {
        var saved = await _world.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonSerializer.SerializeToElement(new { url, format }), "ann", CancellationToken.None);
        Assert.That(((WebhookSaved.Invalid)saved).Errors.ToDictionary()[field][0], Does.StartWith(message));
    }

    [Test]
    public async Task Without_a_mail_server_mail_is_refused_by_its_name()
    {
        await using var world = await EventWorld.StartAsync();
        var saved = await world.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonSerializer.SerializeToElement(new { url = "mailto:ops@example.com", format = "mail" }), "ann", CancellationToken.None);
        Assert.That(((WebhookSaved.Invalid)saved).Errors.ToDictionary()["format"], Is.EqualTo(["cannot be mail here: no mail server is configured (SMTP_HOST)"]));
    }

    private async Task<(Guid Id, string? Secret)> AddAsync(string address)
    {
        var saved = (WebhookSaved.Done)await _world.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonSerializer.SerializeToElement(new { url = $"mailto:{address}", format = "mail" }), "ann", CancellationToken.None);
        Assert.That(saved.Value.ShownUrl, Is.EqualTo($"mailto:{address}"));
        return (saved.Value.Id, saved.Secret);
    }
}
