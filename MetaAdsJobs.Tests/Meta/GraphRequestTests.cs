using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

/// <summary>What a call looks like on the wire.</summary>
[TestFixture]
public sealed class GraphRequestTests
{
    private const string Token = "EAA+a/token=with odd&characters";
    private static readonly GraphCredential Credential = new("act_1", Token);

    [Test]
    public async Task The_token_travels_in_the_header_alone()
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete])
        {
            var sent = await SendAsync(method, new GraphFields().Add("fields", "id,name"));

            Assert.That(sent.Authorization, Is.EqualTo($"Bearer {Token}"), $"{method}");
            foreach (var form in (string[])[Token, Uri.EscapeDataString(Token), Uri.EscapeDataString(Token).Replace("%20", "+", StringComparison.Ordinal)])
                Assert.That(sent.Url + sent.Body, Does.Not.Contain(form), $"{method}");
        }
    }

    [Test]
    public async Task Posts_carry_a_form_and_everything_else_a_query()
    {
        var post = await SendAsync(HttpMethod.Post, new GraphFields().Add("name", "Möbel & Söhne"));
        var get = await SendAsync(HttpMethod.Get, new GraphFields().Add("name", "Möbel & Söhne"));

        Assert.That((post.Url, post.Body), Is.EqualTo(("https://graph.example/v26.0/act_1/campaigns", "name=M%C3%B6bel+%26+S%C3%B6hne")));
        Assert.That((get.Url, get.Body), Is.EqualTo(("https://graph.example/v26.0/act_1/campaigns?name=M%C3%B6bel%20%26%20S%C3%B6hne", "")));
    }

    [Test]
    public async Task A_file_goes_as_a_part_of_a_form_to_the_host_for_videos()
    {
        var sent = await SendAsync(HttpMethod.Post, new GraphFields().Add("name", "Möbel").With(new("chunk", "part", 5, () => new MemoryStream("bytes and more"u8.ToArray()))).Part(), "the app secret");

        var boundary = sent.Body.Split("\r\n")[0][2..];
        Assert.That((sent.Url, sent.Type), Is.EqualTo(("https://video.example/v26.0/act_1/campaigns", $"multipart/form-data; boundary={boundary}")));
        Assert.That(sent.Body.Split("\r\n"), Is.EqualTo((string[])
        [
            $"--{boundary}", "Content-Disposition: form-data; name=\"name\"", "", "Möbel", $"--{boundary}", "Content-Disposition: form-data; name=\"appsecret_proof\"", "", ExpectedProof,
            $"--{boundary}", "Content-Disposition: form-data; name=\"chunk\"; filename=\"part\"", "", "bytes", $"--{boundary}--", "",
        ]));
    }

    [TestCase("https://graph.facebook.com", null, "https://graph-video.facebook.com/")]
    [TestCase("https://proxy.example", null, "https://proxy.example/")]
    [TestCase("https://proxy.example", "https://video.example", "https://video.example/")]
    public void Videos_have_a_host_of_their_own_at_Meta(string graph, string? video, string expected) =>
        Assert.That(new MetaOptions { GraphUrl = new(graph), GraphVideoUrl = video is null ? null : new(video) }.VideoUrl.AbsoluteUri, Is.EqualTo(expected));

    [Test]
    public async Task With_an_app_secret_every_call_proves_that_it_comes_from_the_app()
    {
        // printf %s TOKEN | openssl dgst -sha256 -hmac 'the app secret'
        const string Proof = "appsecret_proof=";

        var get = await SendAsync(HttpMethod.Get, new(), "the app secret");
        var post = await SendAsync(HttpMethod.Post, new(), "the app secret");

        Assert.That(get.Url, Does.EndWith($"?{Proof}{ExpectedProof}"));
        Assert.That(post.Body, Is.EqualTo($"{Proof}{ExpectedProof}"));
        Assert.That(post.Body + get.Url, Does.Not.Contain("the app secret"));
    }

    [Test]
    public async Task Without_an_app_secret_there_is_no_proof() =>
        Assert.That((await SendAsync(HttpMethod.Get, new())).Url, Does.Not.Contain("appsecret_proof"));

    [Test]
    public async Task The_last_word_before_a_change_can_forbid_it_and_is_not_asked_of_a_read()
    {
        var fenced = new GraphCredential("act_1", Token) { BeforeSending = () => throw new FencedException("the lease is over") };
        var other = new GraphCredential("act_2", Token) { BeforeSending = fenced.BeforeSending };
        using var wire = new Wire();
        var client = Client(wire, null);

        await Assert.ThatAsync(() => client.SendOnceAsync(HttpMethod.Post, "act_1/campaigns", new(), fenced.Urgent(), CancellationToken.None), Throws.InstanceOf<FencedException>());
        await Assert.ThatAsync(() => client.SendAsync(HttpMethod.Delete, "1", new(), other.For(UseCase.AdsInsights), CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(wire.Sent, Is.Null);
        await client.SendOnceAsync(HttpMethod.Get, "1", new(), fenced, CancellationToken.None);
        Assert.That(wire.Sent, Is.Not.Null);
    }

    [Test]
    public void Printing_a_credential_prints_no_token() => Assert.That($"{Credential}", Is.EqualTo("act_1"));

    private const string ExpectedProof = "4209c2f0b997a8365d45cd34942c437f980889c81089e158bad6d7235f966172";

    private static async Task<Sent> SendAsync(HttpMethod method, GraphFields fields, string? appSecret = null)
    {
        using var wire = new Wire();
        await Client(wire, appSecret).SendOnceAsync(method, "act_1/campaigns", fields, Credential, CancellationToken.None);
        return wire.Sent!;
    }

    private static GraphClient Client(Wire wire, string? appSecret) =>
        LiveMeta.Over(new(wire, disposeHandler: false), new() { GraphUrl = new("https://graph.example/"), GraphVideoUrl = new("https://video.example/"), AppSecret = appSecret });

    private sealed record Sent(string Url, string Body, string? Authorization, string? Type);

    private sealed class Wire : HttpMessageHandler
    {
        public Sent? Sent { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            Sent = new(request.RequestUri!.AbsoluteUri, body, request.Headers.Authorization?.ToString(), request.Content?.Headers.ContentType?.ToString());
            return new() { Content = new StringContent("""{"id":"1"}""") };
        }
    }
}
