using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Walks every address whose answer has a version: while nothing changes the version stays, and who names it is sent nothing.</summary>
[TestFixture]
public sealed partial class VersionWalkTests
{
    private const string Night = "2026-01-01";
    private Service _service = null!;
    private WebApplication _app = null!;
    private IReadOnlyList<Route> _routes = [];
    private ApiClient _admin = null!;
    private ForeignAccount _account = null!;

    // Of no one account, by the word before it in its address.
    private readonly Dictionary<string, string> _others = [];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        _admin = _service.Client();
        (_app, _routes) = RouteTable.Read(_service.Database.ConnectionString);
        _account = await ForeignAccount.AddAsync(_service, _admin);
        _others["users"] = (string)(await _admin.AddUserAsync(Persons.UserBody("viewer", _account.Id)))["id"]!;
        _others["account-groups"] = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = "walked" })).Json["id"]!;
        _others["publishers"] = (string)(await _admin.PostAsync("/meta/publishers", new JsonObject { ["name"] = "walked" })).Json["id"]!;
        var template = await _admin.SendAsync(HttpMethod.Put, $"/meta/publishers/{_others["publishers"]}/templates/{_account.Id}", ClipWorld.Template().ToJsonString());
        Assert.That(template.Code, Is.EqualTo(200), template.Text);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($"INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, wait_reason, next_attempt_at, queued_at) VALUES (gen_random_uuid(), @Account, '{Night}', '{Night}', 'night', '{Night}', 'waiting', 'throttled', now() + interval '1 hour', now())",
            new { Account = Guid.Parse(_account.Id) });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _app.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task An_answer_stays_the_same_while_nothing_changes_and_is_not_sent_to_who_has_it()
    {
        var tags = new Dictionary<string, string?>();
        using var all = Assert.EnterMultipleScope();
        foreach (var url in Urls<VersionedAnswer>())
        {
            var answer = await _admin.GetAsync(url);
            Assert.That((answer.Code, answer.Header("ETag")?[..3]), Is.EqualTo((200, "W/\"")), $"{url}: {answer.Text}");
            tags[url] = answer.Header("ETag");
        }

        Assert.That(tags, Has.Count.GreaterThan(10), "the walk finds too few");
        // Once all were asked: a time or an age in an answer is another one by now.
        foreach (var (url, tag) in tags)
        {
            var again = await _admin.GetAsync(url);
            Assert.That(again.Header("ETag"), Is.EqualTo(tag), $"{url}: {again.Text}");
            var same = await _admin.SendAsync(HttpMethod.Get, url, null, ("If-None-Match", tag ?? "none"));
            Assert.That((same.Code, same.Text, same.Header("ETag")), Is.EqualTo((304, "", tag)), url);
        }
    }

    [Test]
    public async Task An_answer_whose_version_a_change_must_name_keeps_it_until_something_changes()
    {
        using var all = Assert.EnterMultipleScope();
        foreach (var url in Urls<TaggedAnswer>())
        {
            var tag = (await _admin.GetAsync(url)).Header("ETag");
            Assert.That(tag, Does.StartWith("\""), url);
            Assert.That((await _admin.GetAsync(url)).Header("ETag"), Is.EqualTo(tag), url);
        }
    }

    private List<string> Urls<T>() where T : class
    {
        List<string> urls = [.. _routes.Where(route => route.Method == "GET" && route.Endpoint.Metadata.GetMetadata<T>() is not null)
            .Select(route => Value().Replace("/" + route.Endpoint.RoutePattern.RawText!.Trim('/'), match => Uri.EscapeDataString(ValueOf(route.Endpoint.RoutePattern.RawText!.Trim('/').Split('/')[1], match.Groups[1].Value, ScopeTable.Find(route.Endpoint)))))];
        Assert.That(urls, Is.Not.Empty);
        return urls;
    }

    private string ValueOf(string kind, string name, RouteScope? scope) => (scope, name.ToLowerInvariant()) switch
    {
        (_, "id") when _others.TryGetValue(kind, out var other) => other,
        (_, "account") => _account.Id,
        (RouteScope.Of of, _) when string.Equals(of.Value, name, StringComparison.OrdinalIgnoreCase) => _account.Ids[of.Thing],
        (_, "delivery") => _account.Delivery,
        (_, "night") => Night,
        _ => throw new AssertionException($"Give the walk a value of {{{name}}}."),
    };

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Value();
}
