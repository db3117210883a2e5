using System.Globalization;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Core.Access;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console;

/// <summary>Who looks at the page, and what of it. One per request.</summary>
internal sealed class Viewer(IHttpContextAccessor accessor, IStringLocalizer<Words> texts, Notices notices)
{
    private HttpContext Http => accessor.HttpContext ?? throw new InvalidOperationException("There is no request");

    public string Name => Http.User.CallerName();

    public string Role => MayAdminister ? Roles.Admin : MayOperate ? Roles.Manager : Roles.Viewer;

    /// <summary>Runs and syncs.</summary>
    public bool MayOperate => MayAdminister || Http.User.IsInRole(Roles.Manager);

    /// <summary>Accounts.</summary>
    public bool MayAdminister => Http.User.IsInRole(Roles.Admin);

    public bool MaySeeDashboard => MayOperate && HasAllAccounts;

    /// <summary>Else some: what is of all together is not shown.</summary>
    public bool HasAllAccounts => Caller.Of(Http.User)?.HasAllAccounts == true;

    /// <summary>A page that the layout leads to.</summary>
    public bool MayGoTo(string href) => href switch
    {
        "/console/new" or "/console/webhooks" => MayOperate,
        "/console/publishers" => MayOperate && HasAllAccounts,
        "/console/people" => MayAdminister && HasAllAccounts,
        "/console/jobs" => HasAllAccounts,
        _ => true,
    };

    /// <summary>Why a job waits. After an error that is the error's own words, which are for those who may see the dashboard, where they stand too.</summary>
    public string? Reason(string? reason) =>
        reason is null || MaySeeDashboard || !reason.StartsWith("Retry attempt ", StringComparison.Ordinal) || reason.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var end) ? reason : reason[..end];

    public string Path => Http.Request.Path.Value ?? "/";

    /// <summary>The address ends so; as in finding a page, neither capitals nor a slash behind it matter.</summary>
    public bool IsAtEnd(string end) => Path.TrimEnd('/').EndsWith(end, StringComparison.OrdinalIgnoreCase);

    /// <summary>This page, to come back to.</summary>
    public string Here => Http.Request.Path + Http.Request.QueryString;

    /// <summary>Of the query; null when it is missing or empty.</summary>
    public string? Asked(string name) => Http.Request.Query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    public bool IsAt(string href) => href == "/console" ? Path is "/console" || Path.StartsWith("/console/runs", StringComparison.Ordinal) : Path.StartsWith(href, StringComparison.Ordinal);

    /// <summary>This page with some of its query changed; null takes one away. The cursor never survives a change.</summary>
    public string With(params (string Name, object? Value)[] changes)
    {
        var query = Http.Request.Query.Where(pair => pair.Key != "cursor" && !Notices.IsOne(pair.Key)).ToDictionary(pair => pair.Key, pair => (string?)pair.Value.ToString());
        foreach (var (name, value) in changes) query[name] = Convert.ToString(value, CultureInfo.InvariantCulture);
        return Http.Request.Path + QueryString.Create(query.Where(pair => !string.IsNullOrEmpty(pair.Value)));
    }

    public string InLanguage(string code) => With(("lang", code));

    public Notice? Notice => Told(Notices.Done) ?? Told(Notices.Problem);

    private Notice? Told(string kind) => Asked(kind) is { } sealedNotice ? notices.Open(kind, sealedNotice, texts) : null;
}
