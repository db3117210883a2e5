using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Audit;

/// <summary>One change at Meta, done or not: who asked, what was sent, what came back.</summary>
public sealed record RecordedChange
{
    public required long Id { get; init; }
    public required Guid SocialAccountId { get; init; }
    public Guid? RequestId { get; init; }
    public required string AskedBy { get; init; }
    public required string Method { get; init; }

    /// <summary>The object or edge at Meta; of an adopted object, the step.</summary>
    public required string Path { get; init; }
    public required JsonObject Sent { get; init; }
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>done, adopted, not_sent, throttled, rejected, token_rejected or outcome_unknown.</summary>
    public required string Outcome { get; init; }
    public int? HttpStatus { get; init; }
    public string? Answer { get; init; }
}

/// <summary>Reads the audit, newest first.</summary>
public sealed class ChangeReader(NpgsqlDataSource dataSource)
{
    /// <param name="before">The last id of the page before.</param>
    public async Task<IReadOnlyList<RecordedChange>> ListAsync(Guid? requestId, Guid? accountId, long? before, int limit, CancellationToken ct)
    {
        const string ListSql = """
            SELECT id, social_account_id, request_id, asked_by, method, path, sent::text, sent_at, outcome, http_status, answer
            FROM meta_changes
            WHERE (@RequestId::uuid IS NULL OR request_id = @RequestId)
              AND (@AccountId::uuid IS NULL OR social_account_id = @AccountId)
              AND (@Before::bigint IS NULL OR id < @Before)
            ORDER BY id DESC LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(ListSql, new { RequestId = requestId, AccountId = accountId, Before = before, Limit = limit }, cancellationToken: ct));
        return [.. rows.Select(row => row.ToChange())];
    }

    private sealed record Row
    {
        public long Id { get; init; }
        public Guid SocialAccountId { get; init; }
        public Guid? RequestId { get; init; }
        public string AskedBy { get; init; } = "";
        public string Method { get; init; } = "";
        public string Path { get; init; } = "";
        public string Sent { get; init; } = "{}";
        public DateTimeOffset SentAt { get; init; }
        public string Outcome { get; init; } = "";
        public int? HttpStatus { get; init; }
        public string? Answer { get; init; }

        public RecordedChange ToChange() => new()
        {
            Id = Id, SocialAccountId = SocialAccountId, RequestId = RequestId, AskedBy = AskedBy, Method = Method, Path = Path,
            Sent = JsonSerializer.Deserialize<JsonObject>(Sent)!, SentAt = SentAt, Outcome = Outcome, HttpStatus = HttpStatus, Answer = Answer,
        };
    }
}
