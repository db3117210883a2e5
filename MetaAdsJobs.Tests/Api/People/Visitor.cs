using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Somebody at a browser that runs no script: a session, its cookies, and forms with the proof that a page has shown.</summary>
internal sealed partial class Visitor : IDisposable
{
    private readonly HttpClient _http;

    private Visitor(Uri service) => _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = service, DefaultRequestHeaders = { Accept = { new MediaTypeWithQualityHeaderValue("text/html") } } };

    public HttpClient Http => _http;

    public static async Task<Visitor> ByKeyAsync(Service service, string key) => await SignedInAsync(service.BaseUrl, "/signin", "/signin", ("token", key));

    /// <param name="link">As the API has told it.</param>
    public static Task<Visitor> ByLinkAsync(Service service, string link) => ByLinkAsync(service.BaseUrl, link);

    public static async Task<Visitor> ByLinkAsync(Uri service, string link) =>
        await SignedInAsync(service, new Uri(link).PathAndQuery, "/signin/link", ("secret", new Uri(link).Query.Split("secret=")[1]));

    /// <summary>The same, perhaps in vain.</summary>
    public static async Task<(int Code, string Text, string Location)> TryLinkAsync(Service service, string link) => await TryLinkAsync(service.BaseUrl, link);

    public static async Task<(int Code, string Text, string Location)> TryLinkAsync(Uri service, string link)
    {
        using var visitor = new Visitor(service);
        return await visitor.PostAsync("/signin/link", new Uri(link).PathAndQuery, ("secret", new Uri(link).Query.Split("secret=")[1]));
    }

    public async Task<(int Code, string Text, string Location)> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.ToString() ?? "");
    }

    /// <param name="page">That has shown a form: its proof is good for all forms.</param>
    public async Task<(int Code, string Text, string Location)> PostAsync(string path, string page = "/console/me", params IEnumerable<(string Name, string Value)> fields)
    {
        var values = fields.Select(field => KeyValuePair.Create(field.Name, field.Value)).ToList();
        if (Proof().Match((await GetAsync(page)).Text) is { Success: true } proof) values.Add(new("__RequestVerificationToken", WebUtility.HtmlDecode(proof.Groups[1].Value)));
        using var form = new FormUrlEncodedContent(values);
        using var answer = await _http.PostAsync(path, form);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.ToString() ?? "");
    }

    /// <param name="page">That shows the form.</param>
    public async Task<(int Code, string Text, string Location)> PostFileAsync(string page, byte[] file, string name, params IEnumerable<(string Name, string Value)> fields)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(file), "file", name } };
        foreach (var (field, value) in fields.Append(("__RequestVerificationToken", WebUtility.HtmlDecode(Proof().Match((await GetAsync(page)).Text).Groups[1].Value)))) form.Add(new StringContent(value), field);
        using var answer = await _http.PostAsync(page, form);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.ToString() ?? "");
    }

    /// <summary>A form that nobody was shown.</summary>
    public async Task<(int Code, string Text, string Location)> PostBlindAsync(string path)
    {
        using var form = new FormUrlEncodedContent([]);
        using var answer = await _http.PostAsync(path, form);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.ToString() ?? "");
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Visitor> SignedInAsync(Uri service, string page, string form, params (string Name, string Value)[] fields)
    {
        var visitor = new Visitor(service);
        var answer = await visitor.PostAsync(form, page, fields);
        Assert.That((answer.Code, answer.Location), Is.EqualTo((302, "/console")), answer.Text);
        return visitor;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*? value=\"([^\"]+)\"")]
    private static partial Regex Proof();
}
