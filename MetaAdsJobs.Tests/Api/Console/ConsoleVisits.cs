using System.Net;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>People at the console's pages, in a browser and below it.</summary>
internal static partial class ConsoleVisits
{
    /// <summary>Opens the form's page and sends the form as a browser would, with what stands in its hidden fields.</summary>
    public static Task<(HttpStatusCode Code, string Text, Uri? Location)> SendFormAsync(this ApiClient client, string path, params IEnumerable<(string Name, string Value)> fields) => client.SendFormAsync(path, path, fields);

    /// <param name="page">Where the form stands, if it is sent elsewhere.</param>
    public static async Task<(HttpStatusCode Code, string Text, Uri? Location)> SendFormAsync(this ApiClient client, string page, string path, params IEnumerable<(string Name, string Value)> fields)
    {
        using var opened = await client.Http.GetAsync(page);
        var text = await opened.Content.ReadAsStringAsync();
        Assert.That(text, Does.Contain($"action=\"{path}\""), $"{opened.StatusCode}: the page has no such form");
        var form = text[text.IndexOf($"action=\"{path}\"", StringComparison.Ordinal)..];
        var values = Hidden().Matches(form[..form.IndexOf("</form>", StringComparison.Ordinal)]).ToDictionary(one => one.Groups["name"].Value, one => WebUtility.HtmlDecode(one.Groups["value"].Value));
        foreach (var (name, value) in fields) values[name] = value;
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(values) };
        if (opened.Headers.TryGetValues("Set-Cookie", out var cookies)) request.Headers.Add("Cookie", string.Join("; ", cookies.Select(cookie => cookie.Split(';')[0])));
        using var answer = await client.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location);
    }

    /// <summary>A form that nobody was shown, posted all the same.</summary>
    public static async Task<HttpStatusCode> PostBlindAsync(this ApiClient client, string path)
    {
        using var form = new FormUrlEncodedContent([]);
        using var answer = await client.Http.PostAsync(path, form);
        return answer.StatusCode;
    }

    [GeneratedRegex("""<input[^>]*type="hidden"[^>]*name="(?<name>[^"]+)"[^>]*value="(?<value>[^"]*)"[^>]*>""")]
    private static partial Regex Hidden();
}
