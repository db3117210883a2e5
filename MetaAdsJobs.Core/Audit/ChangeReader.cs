using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Audit;

/// <summary>One change, done or not: who asked, what was sent, what came back. Of what was changed here: which fields, from what to what.</summary>
public sealed record RecordedChange
{
    /// <summary>Of its source.</summary>
    public required long Id { get; init; }

    /// <summary>meta: a change at Meta; here: one of what this service keeps.</summary>
    public required string Source { get; init; }

    /// <summary>Null: of no one account.</summary>
    public Guid? SocialAccountId { get; init; }
    public Guid? RequestId { get; init; }
    public required string AskedBy { get; init; }

    /// <summary>The name of the key by which it was asked for; null: by none.</summary>
    public string? KeyName { get; init; }

    /// <summary>Of a change here, what kind of thing it is of: account, user, key, account group, alert rule, webhook, publisher, template, freeze …</summary>
    public required string Method { get; init; }

    /// <summary>The object or edge at Meta; of an adopted object, the step; of a change here, the thing's id.</summary>
    public required string Path { get; init; }

    /// <summary>Of a change here each field with old and new, without secrets.</summary>
    public required JsonObject Sent { get; init; }
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>done, adopted, not_sent, throttled, rejected, token_rejected or outcome_unknown; of a change here what was done: made, changed, removed, revoked …</summary>
    public required string Outcome { get; init; }
    public int? HttpStatus { get; init; }

    /// <summary>Meta's; of a change here the thing's name.</summary>
    public string? Answer { get; init; }
}

/// <summary>Which changes. Moments: from the first on, before the second.</summary>
/// <param name="Object">An id at Meta, or of a thing here.</param>
/// <param name="Source">meta or here; null: both.</param>
public sealed record ChangeFilter(Guid? RequestId = null, Guid? AccountId = null, string? Person = null, string? Object = null, string? Source = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null, string? Key = null);

/// <summary>Where a page ended: the last ids of both sources.</summary>
public readonly record struct ChangeCursor(long Meta, long Here)
{
    public static readonly ChangeCursor Newest = new(long.MaxValue, long.MaxValue);

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Meta}.{Here}");

    public static ChangeCursor? TryRead(string text) => text.Split('.') is [var meta, var here] && long.TryParse(meta, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var one)
        && long.TryParse(here, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var other) ? new(one, other) : null;

}

/// <summary>Reads the audit, newest first: two tables, each in the order of its ids, as one.</summary>
public sealed class ChangeReader(NpgsqlDataSource dataSource, [FromKeyedServices(Connections.OfStreams)] NpgsqlDataSource streams)
{
    public const string Meta = "meta";
    public const string Here = "here";
    public static readonly IReadOnlyList<string> Sources = [Meta, Here];

    /// <returns>A page, and where the next begins; null on the last.</returns>
    public async Task<(IReadOnlyList<RecordedChange> Items, ChangeCursor? Next)> ListAsync(ChangeFilter filter, ChangeCursor? before, int limit, CancellationToken ct)
    {
        var cursor = before ?? ChangeCursor.Newest;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        List<Queue<RecordedChange>> sources = [];
        foreach (var sql in Texts(filter, limited: true))
            sources.Add(new((await connection.QueryAsync<Row>(new(sql, Parameters(filter, cursor, limit + 1), cancellationToken: ct))).Select(row => row.ToChange())));
        List<RecordedChange> page = [];
        // Each in the order of its ids, which the cursor goes by; between the two the later comes first.
        while (page.Count < limit && sources.Where(source => source.Count > 0).MaxBy(source => source.Peek().SentAt) is { } next)
        {
            var change = next.Dequeue();
            page.Add(change);
            cursor = change.Source == Meta ? cursor with { Meta = change.Id } : cursor with { Here = change.Id };
        }

        return (page, sources.Exists(source => source.Count > 0) ? cursor : null);
    }

    /// <summary>Everything, row by row, changes at Meta first: memory does not grow with the range.</summary>
    public async IAsyncEnumerable<RecordedChange> StreamAsync(ChangeFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await streams.OpenConnectionAsync(ct);
        foreach (var sql in Texts(filter, limited: false))
            await foreach (var row in connection.QueryUnbufferedAsync<Row>(sql, Parameters(filter, ChangeCursor.Newest, 0), commandTimeout: 600).WithCancellation(ct)) yield return row.ToChange();
    }

    private static IEnumerable<string> Texts(ChangeFilter filter, bool limited)
    {
        var end = limited ? " LIMIT @Limit" : "";
        if (filter.Source is null or Meta)
            yield return $"""
                SELECT 'meta' AS source, c.id, c.social_account_id, c.request_id, c.asked_by, c.asked_key AS key_name,
                    c.method, c.path, c.sent::text AS sent, c.sent_at, c.outcome, c.http_status, c.answer
                FROM meta_changes c WHERE c.id < @BeforeMeta{Conditions(filter, "c.request_id", "c.social_account_id", "c.asked_by", "c.asked_key", "c.path", "c.sent_at")} ORDER BY c.id DESC{end}
                """;
        // A run's changes are all at Meta. Who may not see webhooks is not told their addresses here either.
        if (filter.Source is null or Here && filter.RequestId is null)
            yield return $"""
                SELECT 'here' AS source, c.id, c.social_account_id, NULL::uuid AS request_id, c.person AS asked_by, c.key_name, c.kind AS method, c.object AS path, c.fields::text AS sent, c.at AS sent_at, c.action AS outcome,
                    NULL::int AS http_status, c.object_name AS answer
                FROM recorded_acts c WHERE c.id < @BeforeHere{(AccountScope.Caller?.Role == Roles.Viewer ? " AND c.kind <> 'webhook'" : "")}{(AccountScope.Accounts is null ? "" : Narrowed)}{Conditions(filter, null, "c.social_account_id", "c.person", "c.key_name", "c.object", "c.at")} ORDER BY c.id DESC{end}
                """;
    }

    // Once such a line was filed under the account that was left, and tells of the others all the same. Now it is of none.
    private const string Narrowed = " AND NOT (c.action = 'changed' AND c.kind IN ('webhook', 'alert rule') AND c.fields ? 'account_ids')";

    // Only the conditions that are asked for, since one text for all would have to be planned for all.
    private static string Conditions(ChangeFilter filter, string? request, string account, string person, string key, string path, string at) => string.Concat(
        filter.RequestId is null ? "" : request is null ? " AND false" : $" AND {request} = @RequestId", filter.AccountId is null ? "" : $" AND {account} = @AccountId", filter.Person is null ? "" : $" AND {person} = @Person", filter.Key is null ? "" : $" AND {key} = @Key",
        filter.Object is null ? "" : $" AND {path} = @Object", filter.Since is null ? "" : $" AND {at} >= @Since", filter.Until is null ? "" : $" AND {at} < @Until", AccountScope.And(account));

    private static object Parameters(ChangeFilter filter, ChangeCursor cursor, int limit) => new
    {
        filter.RequestId, filter.AccountId, filter.Person, filter.Key, filter.Object, filter.Since, filter.Until, BeforeMeta = cursor.Meta, BeforeHere = cursor.Here, Limit = limit, Scope = AccountScope.Accounts,
    };

    private sealed record Row
    {
        public string Source { get; init; } = "";
        public long Id { get; init; }
        public Guid? SocialAccountId { get; init; }
        public Guid? RequestId { get; init; }
        public string AskedBy { get; init; } = "";
        public string? KeyName { get; init; }
        public string Method { get; init; } = "";
        public string Path { get; init; } = "";
        public string Sent { get; init; } = "{}";
        public DateTimeOffset SentAt { get; init; }
        public string Outcome { get; init; } = "";
        public int? HttpStatus { get; init; }
        public string? Answer { get; init; }

        public RecordedChange ToChange() => new()
        {
            Source = Source, Id = Id, SocialAccountId = SocialAccountId, RequestId = RequestId, AskedBy = AskedBy, KeyName = KeyName, Method = Method, Path = Path,
            Sent = JsonSerializer.Deserialize<JsonObject>(Sent)!, SentAt = SentAt, Outcome = Outcome, HttpStatus = HttpStatus, Answer = Answer,
        };
    }
}
