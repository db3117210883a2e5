using System.Net.Sockets;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Meta.Images;

[TestFixture]
public sealed class ImageDownloadsTests
{
    private const int Limit = 8 * 1024 * 1024;
    private FileServer _files = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _files = await FileServer.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _files.DisposeAsync();

    [TestCase("89504E470D0A1A0A00")]
    [TestCase("FFD8FFE000104A464946")]
    [TestCase("474946383961010001")]
    [TestCase("474946383761010001")]
    [TestCase("524946462400000057454250565038")]
    public async Task An_image_is_known_by_its_first_bytes(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.That((await FetchAsync(_files.Add($"/{hex}", bytes)) as Download.Image)?.Bytes, Is.EqualTo(bytes));
    }

    [TestCase("")]
    [TestCase("89")]
    [TestCase("3C68746D6C3E")]
    [TestCase("52494646240000005741564566")]
    [TestCase("25504446")]
    public async Task Anything_else_is_none(string hex) =>
        Assert.That(await ReasonAsync(_files.Add($"/no{hex}", Convert.FromHexString(hex))), Does.Contain("not a JPEG"));

    [Test]
    public async Task An_image_of_8_MiB_is_taken_and_one_byte_more_is_not()
    {
        var png = new byte[Limit + 1];
        FileServer.Picture.CopyTo(png, 0);
        Assert.That(await FetchAsync(_files.Add("/8", png[..Limit])), Is.InstanceOf<Download.Image>());
        Assert.That(await ReasonAsync(_files.Add("/9", png)), Does.Contain("8 MiB"), "its length was not told beforehand");
        Assert.That(await ReasonAsync(_files.Add("/told", http => { http.Response.ContentLength = Limit + 1; return http.Response.Body.FlushAsync(); })), Does.Contain("8 MiB"));
    }

    [Test]
    public async Task Three_redirects_are_followed_and_a_fourth_is_not()
    {
        for (var hop = 1; hop <= 4; hop++)
        {
            var to = hop == 1 ? "/clip.png" : $"/hop{hop - 1}";
            _files.Add($"/hop{hop}", http => { http.Response.Redirect(to); return Task.CompletedTask; });
        }

        Assert.That(await FetchAsync(_files.UrlOf("/hop3")), Is.InstanceOf<Download.Image>());
        Assert.That(await ReasonAsync(_files.UrlOf("/hop4")), Does.Contain("HTTP 302"));
    }

    [Test]
    public async Task What_is_not_there_is_told() => Assert.That(await ReasonAsync(_files.UrlOf("/gone.png")), Does.Contain("HTTP 404"));

    [Test]
    public async Task A_server_that_trickles_is_given_up()
    {
        var slow = _files.Add("/slow", async http =>
        {
            await http.Response.Body.WriteAsync(FileServer.Picture, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, http.RequestAborted);
        });
        Assert.That(await ReasonAsync(slow, timeout: 1), Does.Contain("within 1 s"));
    }

    [Test]
    public async Task A_host_that_is_not_there_is_told()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        Assert.That(await ReasonAsync($"http://127.0.0.1:{port}/clip.png"), Does.Contain("cannot be reached"));
        Assert.That(await ReasonAsync("http://nowhere.invalid/clip.png"), Does.Contain("cannot be reached"));
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::ffff:127.0.0.1]")]
    public async Task A_private_host_is_not_even_called(string host)
    {
        var url = new UriBuilder(_files.UrlOf($"/private/{host}")) { Host = host }.Uri.ToString();
        Assert.That(await ReasonAsync(url, allowPrivate: false), Does.Contain("not on the public internet"));
        Assert.That(_files.Asked, Has.None.Contains(host));
    }

    [Test]
    public async Task A_reason_never_tells_the_address()
    {
        foreach (var path in (string[])["/gone.png?signature=s3cret", "/no?signature=s3cret"])
            Assert.That(await ReasonAsync(_files.UrlOf(path)), Does.Not.Contain("s3cret"));
    }

    private static async Task<string?> ReasonAsync(string url, bool allowPrivate = true, int timeout = 60) => (await FetchAsync(url, allowPrivate, timeout) as Download.Failed)?.Reason;

    private static async Task<Download> FetchAsync(string url, bool allowPrivate = true, int timeout = 60)
    {
        var configuration = new Dictionary<string, string?>
        {
            ["Meta:Mode"] = "Live", ["Meta:AllowPrivateImageHosts"] = $"{allowPrivate}", ["Meta:CallTimeoutSeconds"] = $"{timeout}",
        };
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build())
            .AddSingleton(TimeProvider.System)
            .AddMeta()
            .BuildServiceProvider();
        return await services.GetRequiredService<ImageDownloads>().FetchAsync(url, CancellationToken.None);
    }
}
