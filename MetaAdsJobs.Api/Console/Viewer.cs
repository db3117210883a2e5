using System.Globalization;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Console.Language;

namespace MetaAdsJobs.Api.Console;

/// <summary>Something to be told once, on the page that follows an action.</summary>
internal sealed record Notice(string Text, bool IsProblem);

/// <summary>Who looks at the page, and what of it. One per request.</summary>
internal sealed class Viewer(IHttpContextAccessor accessor, Texts texts)
{
    private HttpContext Http => accessor.HttpContext ?? throw new InvalidOperationException("There is no request");

    public string Name => Http.User.CallerName();

    public string Role => MayAdminister ? Roles.Admin : MayOperate ? Roles.Manager : Roles.Viewer;

    /// <summary>Runs and syncs.</summary>
    public bool MayOperate => MayAdminister || Http.User.IsInRole(Roles.Manager);

    /// <summary>Accounts.</summary>
    public bool MayAdminister => Http.User.IsInRole(Roles.Admin);

    public bool MaySeeDashboard => MayOperate;

    public string Path => Http.Request.Path.Value ?? "/";

    /// <summary>This page, to come back to.</summary>
    public string Here => Http.Request.Path + Http.Request.QueryString;

    /// <summary>Of the query; null when it is missing or empty.</summary>
    public string? Asked(string name) => Http.Request.Query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    public bool IsAt(string href) => href == "/console" ? Path is "/console" || Path.StartsWith("/console/runs", StringComparison.Ordinal) : Path.StartsWith(href, StringComparison.Ordinal);

    /// <summary>This page with some of its query changed; null takes one away. The cursor never survives a change.</summary>
    public string With(params (string Name, object? Value)[] changes)
    {
        var query = Http.Request.Query.Where(pair => pair.Key is not ("cursor" or "done" or "problem" or "count")).ToDictionary(pair => pair.Key, pair => (string?)pair.Value.ToString());
        foreach (var (name, value) in changes) query[name] = Convert.ToString(value, CultureInfo.InvariantCulture);
        return Http.Request.Path + QueryString.Create(query.Where(pair => !string.IsNullOrEmpty(pair.Value)));
    }

    public string InLanguage(string code) => With(("lang", code));

    /// <summary>The key of a text, told by the action that led here; never a caller's own words.</summary>
    public Notice? Notice => Asked("done") is { } done && Texts.Knows(done) ? new(texts.Format(done, int.TryParse(Asked("count"), out var count) ? count : 0), false)
        : Asked("problem") is { } problem && Texts.Knows(problem) ? new(texts[problem], true) : null;
}
