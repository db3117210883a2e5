using System.Net;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;

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

    /// <summary>What stands in a hidden field of a page.</summary>
    public static async Task<string> HiddenAsync(this ApiClient client, string page, string name) =>
        WebUtility.HtmlDecode(Hidden().Matches(await client.Http.GetStringAsync(page)).First(one => one.Groups["name"].Value == name).Groups["value"].Value);

    /// <summary>A form that nobody was shown, posted all the same.</summary>
    public static async Task<HttpStatusCode> PostBlindAsync(this ApiClient client, string path)
    {
        using var form = new FormUrlEncodedContent([]);
        using var answer = await client.Http.PostAsync(path, form);
        return answer.StatusCode;
    }

    /// <summary>Neither the page nor a table in it is to be pushed aside, at the width of a telephone and of a desk. With PICTURES each is kept in that folder, to be looked at.</summary>
    public static async Task FitsAsync(this IPage page, params string[] paths)
    {
        const string Needed = "Math.max(document.documentElement.scrollWidth, ...Array.from(document.querySelectorAll('.wide'), one => innerWidth + one.scrollWidth - one.clientWidth))";
        foreach (var width in (int[])[360, 1440])
        {
            await page.SetViewportSizeAsync(width, 900);
            foreach (var path in paths)
            {
                await page.GotoAsync(path);
                Assert.That(await page.EvaluateAsync<int>(Needed), Is.LessThanOrEqualTo(width), path);
                if (Environment.GetEnvironmentVariable("PICTURES") is { Length: > 0 } folder)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{Unsafe().Replace(Ids().Replace(new Uri(page.Url).PathAndQuery[1..], "x"), "-")}-{width}.png"), FullPage = true });
            }
        }
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{9,}")]
    private static partial Regex Ids();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Unsafe();

    [GeneratedRegex("""<input[^>]*type="hidden"[^>]*name="(?<name>[^"]+)"[^>]*value="(?<value>[^"]*)"[^>]*>""")]
    private static partial Regex Hidden();
}
