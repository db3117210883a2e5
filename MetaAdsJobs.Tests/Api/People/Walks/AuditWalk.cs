using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Somebody who may do everything, by a key and at the console's forms, and looks after each step what the audit says.</summary>
internal sealed partial class AuditWalk : IAsyncDisposable
{
    private readonly Service _service;
    private readonly ForeignAccount _of;
    private readonly ApiClient _program;
    private readonly ApiClient _bearer;
    private readonly HttpClient _browser;
    private readonly string _mail;
    private readonly List<string> _secrets = [];
    private string _proof = "";
    private long _seen;

    private AuditWalk(Service service, ForeignAccount of, ApiClient program, string mail, string userId, string secret)
    {
        (_service, _of, _program, _mail, UserId) = (service, of, program, mail, userId);
        // Of the same name: a key makes no key, and sees no session but its own.
        _bearer = service.Client("admin", mail);
        _secrets.AddRange([secret, Service.SecretToken, "secret-in-a"]);
        _browser = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = service.BaseUrl };
    }

    public string UserId { get; }

    public HashSet<string> Walked { get; } = [];

    public List<string> Wrong { get; } = [];

    public static async Task<AuditWalk> BeginAsync(Service service, ApiClient admin, ForeignAccount of)
    {
        var body = Persons.UserBody("admin");
        body.Remove("accounts");
        body["all_accounts"] = true;
        var user = await admin.AddUserAsync(body);
        var (id, mail) = ((string)user["id"]!, (string)user["mail"]!);
        var (_, secret) = await admin.AddKeyAsync(id);
        var walk = new AuditWalk(service, of, service.With(secret), mail, id, secret);
        await walk.SignInAsync("POST /signin/link", (string)(await admin.PostAsync($"/meta/users/{id}/link")).Json["url"]!, key: null);
        return walk;
    }

    /// <returns>What the line in the audit is of.</returns>
    public Task<string> ApiAsync(string route, JsonNode? body, params string[] values) => SendAsync(_program, "the program", route, body, values);

    /// <summary>By a token of the same name, for what a key may not.</summary>
    public Task<string> BearerAsync(string route, JsonNode? body, params string[] values) => SendAsync(_bearer, null, route, body, values);

    /// <summary>A key of the person's, for itself.</summary>
    public async Task<string> KeyAsync(string route, (string Id, string Secret) key)
    {
        using var client = _service.With(key.Secret);
        return await SendAsync(client, "the program", route, null, key.Id);
    }

    /// <summary>The form of a page, as a browser would send it.</summary>
    public async Task<string> FormAsync(string route, IEnumerable<(string Name, string Value)> fields, params string[] values)
    {
        using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", _proof)).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var answer = await _browser.PostAsync(Address(route, values).Path, form);
        // Back at the page with a problem, which is told in its address.
        var isProblem = answer.Headers.Location?.OriginalString.Contains("problem=", StringComparison.Ordinal) == true;
        return await LookAsync(route, isProblem ? 409 : (int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), null);
    }

    public async Task<string> HiddenAsync(string page, string name) =>
        WebUtility.HtmlDecode(Hidden().Matches(await _browser.GetStringAsync(page)).First(one => one.Groups["name"].Value == name).Groups["value"].Value);

    public async Task AssertNoSecretAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var told = (await connection.QueryAsync<string>("SELECT concat(object_name, fields) FROM recorded_acts")).AsList();
        Assert.That(told.Where(line => _secrets.Exists(secret => line.Contains(secret, StringComparison.Ordinal))), Is.Empty);
    }

    // ---- What there is to be walked over.

    public async Task<IReadOnlyList<string>> SeedApprovalsAsync(int count)
    {
        var ids = Ids(count);
        await ExecuteAsync("""
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at)
            SELECT edit, c.social_account_id, c.request_id, 'campaign', c.meta_id, 'publish', '{}', 'somebody', 'waiting', now(), now() + interval '1 day' FROM meta_campaigns c, unnest(@ids::uuid[]) edit WHERE c.meta_id = @campaign;
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT e.edit_id, e.edit_id, e.request_id, e.social_account_id, 'asked', 'somebody', now(), now() + interval '7 days', edit_content(e.edit_id), content_hash(edit_content(e.edit_id)), 1 FROM campaign_edits e WHERE e.edit_id = ANY (@ids::uuid[])
            """, new { ids, campaign = _of.Ids[Thing.Campaign] });
        return ids;
    }

    public async Task<string> HashAsync(string approval)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>("SELECT content_hash FROM approvals WHERE id = @approval::uuid", new { approval }))!;
    }

    public async Task<IReadOnlyList<string>> SeedProposalsAsync(int count)
    {
        var ids = Ids(count);
        await ExecuteAsync("""
            UPDATE budget_proposals SET state = 'void' WHERE pool_id = @pool::uuid;
            INSERT INTO budget_proposals (id, pool_id, day, basis, made_at, state, why, evidence_hash, total_now_cents, total_cents, predicted_now, predicted, gain_percent, gain_in_the_end)
            SELECT id, @pool::uuid, (now() AT TIME ZONE 'America/New_York')::date, current_date - nth::int, now(), 'asked', '{}', 'x', 1, 1, 1, 1, 1, 1 FROM unnest(@ids::uuid[]) WITH ORDINALITY AS i (id, nth)
            """, new { ids, pool = _of.Ids[Thing.BudgetPool] });
        return ids;
    }

    /// <summary>In a form a line is an id and its amounts: none has a blank.</summary>
    public Task RenameAsync(IEnumerable<string> campaigns) => ExecuteAsync("UPDATE meta_campaigns SET meta_id = replace(meta_id, ' ', '_') WHERE meta_id = ANY (@ids)", new { ids = campaigns.ToArray() });

    public Task SeedExperimentProposalsAsync(IEnumerable<string> experiments) => ExecuteAsync("""
        INSERT INTO experiment_proposals (id, experiment_id, verdict_no, state, created_at) SELECT gen_random_uuid(), one, 1, 'open', now() FROM unnest(@ids::uuid[]) one;
        UPDATE experiments SET judged_at = now() WHERE id = ANY (@ids::uuid[]);
        INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at)
            SELECT gen_random_uuid(), social_account_id, current_date, current_date, 'tests', 'succeeded', now(), now() - interval '1 minute' FROM experiments WHERE id = ANY (@ids::uuid[])
        """, new { ids = experiments.ToArray() });

    /// <param name="ofUser">Or of a token of that name.</param>
    public async Task<string> SeedSessionAsync(bool ofUser = true)
    {
        var id = $"{Guid.NewGuid()}";
        await ExecuteAsync("""
            INSERT INTO sessions (id, user_id, name, role, created_at, confirmed_at, expires_at, last_seen_at) VALUES (@id::uuid, @user::uuid, @mail, 'admin', now(), now(), now() + interval '1 hour', now())
            """, new { id, user = ofUser ? UserId : null, mail = _mail });
        return id;
    }

    public ValueTask DisposeAsync()
    {
        _program.Dispose();
        _bearer.Dispose();
        _browser.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> SendAsync(ApiClient client, string? key, string route, JsonNode? body, params string[] values)
    {
        var (method, path) = Address(route, values);
        var answer = await client.SendAsync(new(method), path, body?.ToJsonString());
        if (answer.Text.StartsWith('{') && answer.Json["secret"] is { } secret) _secrets.Add((string)secret!);
        return await LookAsync(route, answer.Code, answer.Text, key);
    }

    private async Task<string> LookAsync(string route, int code, string text, string? key)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        // What was decided of an approval stands with what is changed at Meta.
        var lines = (await connection.QueryAsync<(long Id, string Object, string? Key)>("""
            SELECT id, object, key_name FROM recorded_acts WHERE person = @mail AND id > @seen UNION ALL
            SELECT 0, path, asked_key FROM meta_changes WHERE asked_by = @mail AND method = 'NOTE' AND sent_at > clock_timestamp() - interval '1 minute' AND (sent ->> 'approval_id') = ANY (@asked) ORDER BY id
            """, new { mail = _mail, seen = _seen, asked = Approvals(route) })).AsList();
        Walked.Add(route);
        if (code is not (>= 200 and < 400)) Wrong.Add($"{route}: {code} {(text.Length > 300 ? text[..300] : text)}");
        else if (lines.Count == 0) Wrong.Add($"{route}: no line");
        else if (lines.Exists(line => line.Key != key)) Wrong.Add($"{route}: by the key {lines[0].Key}");
        if (lines.Count > 0) _seen = Math.Max(_seen, lines[^1].Id);
        return lines.Count > 0 ? lines[^1].Object : "00000000-0000-0000-0000-000000000000";
    }

    private string _lastApproval = "";

    private string[] Approvals(string route) => route.Contains("/approvals/", StringComparison.Ordinal) ? [_lastApproval] : [];

    private (string Method, string Path) Address(string route, string[] values)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
        var next = 0;
        if (values.Length > 0) _lastApproval = values[0];
        return (method, Value().Replace(path, _ => Uri.EscapeDataString(values[next++])));
    }

    /// <summary>The way out, and in again by the key.</summary>
    public async Task SignOutAndInAsync()
    {
        await SignInAsync("POST /signout", "/signout", key: null);
        await SignInAsync("POST /signin", "/signin", "the program", ("token", _secrets[0]));
    }

    /// <param name="page">Has the form, and what is hidden in it.</param>
    private async Task SignInAsync(string route, string page, string? key, params (string Name, string Value)[] fields)
    {
        var values = Hidden().Matches(await _browser.GetStringAsync(new Uri(page, UriKind.RelativeOrAbsolute))).ToDictionary(one => one.Groups["name"].Value, one => WebUtility.HtmlDecode(one.Groups["value"].Value));
        foreach (var (name, value) in fields) values[name] = value;
        using var form = new FormUrlEncodedContent(values);
        using var answer = await _browser.PostAsync(Address(route, []).Path, form);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Found), await answer.Content.ReadAsStringAsync());
        await LookAsync(route, (int)answer.StatusCode, "", key);
        if (route != "POST /signout") _proof = await HiddenAsync("/console/me", "__RequestVerificationToken");
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    private static string[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => $"{Guid.CreateVersion7()}")];

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Value();

    [GeneratedRegex("""<input[^>]*type="hidden"[^>]*name="(?<name>[^"]+)"[^>]*value="(?<value>[^"]*)"[^>]*>""")]
    private static partial Regex Hidden();
}
