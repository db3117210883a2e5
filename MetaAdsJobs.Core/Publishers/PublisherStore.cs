using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Events.Signing;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers;

/// <summary>What is needed to tell whether a message is a publisher's.</summary>
internal sealed record Signer
{
    public required Guid Id { get; init; }
    public required bool IsOn { get; init; }

    /// <summary>Sealed.</summary>
    public required string Secret { get; init; }

    /// <summary>Those before it that are taken still.</summary>
    public required string[] FormerSecrets { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>What became of taking a publisher away.</summary>
public enum PublisherRemoved
{
    Done,
    Unknown,

    /// <summary>It has made runs: what its clips became is kept for ever.</summary>
    HasRuns,
}

/// <summary>Rows of publishers, as people write and see them.</summary>
public sealed class PublisherStore
{
    internal const int Most = 100;
    private readonly NpgsqlDataSource _dataSource;

    internal PublisherStore(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    private const string Columns = $"""
        p.id, p.name, p.description, p.is_on, p.runs_per_day, {SecretOverlap.UntilSql} AS former_secret_until, {SecretOverlap.CountSql} AS former_secrets, p.created_by, p.created_at, p.updated_at,
        ARRAY(SELECT t.social_account_id FROM clip_templates t WHERE t.publisher_id = p.id ORDER BY t.social_account_id) AS account_ids,
        (SELECT count(*) FROM clip_runs r WHERE r.publisher_id = p.id AND NOT r.by_person AND r.made_at > @Now - interval '24 hours')::int AS runs_today,
        (SELECT count(*) FROM (SELECT 1 FROM clip_outcomes o JOIN clip_events e ON e.id = o.event_id
            WHERE o.state IN ('refused', 'held', 'over_limit') AND e.publisher_id = p.id UNION ALL SELECT 1 FROM clip_events e WHERE e.publisher_id = p.id AND e.unplaced LIMIT @MostCounted + 1) o)::int AS open
        """;

    public async Task<IReadOnlyList<Publisher>> ListAsync(DateTimeOffset now, CancellationToken ct)
    {
        const string ListSql = $"SELECT {Columns} FROM publishers p ORDER BY p.name";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Publisher>(new(ListSql, new { Now = now, Publisher.MostCounted }, cancellationToken: ct))).AsList();
    }

    /// <summary>Those whose present secret somebody was shown, by name: who is no longer to sign goes on with it until there is another.</summary>
    public async Task<IReadOnlyList<(Guid Id, string Name)>> ListKnownToAsync(string person, CancellationToken ct)
    {
        const string ListSql = "SELECT id, name FROM publishers WHERE lower(COALESCE(known_by[cardinality(known_by)], created_by)) = lower(@Person) ORDER BY name";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, string)>(new(ListSql, new { Person = person }, cancellationToken: ct))).AsList();
    }

    public async Task<Publisher?> FindAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM publishers p WHERE p.id = @Id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Publisher>(new(FindSql, new { Id = id, Now = now, Publisher.MostCounted }, cancellationToken: ct));
    }

    internal async Task<Signer?> FindSignerAsync(string name, DateTimeOffset now, CancellationToken ct)
    {
        const string SignerSql = $"SELECT id, is_on, secret, {SecretOverlap.FormerSql} AS former_secrets, updated_at FROM publishers WHERE name = @Name";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Signer>(new(SignerSql, new { Name = name, Now = now }, cancellationToken: ct));
    }

    /// <returns>False when there is one of that name, or there are as many as there may be.</returns>
    internal async Task<bool> InsertAsync(Publisher publisher, string sealedSecret, CancellationToken ct)
    {
        var insertSql = $"""
            WITH made AS (
                INSERT INTO publishers (id, name, description, runs_per_day, secret, created_by, created_at, updated_at)
                SELECT @Id, @Name, @Description, @RunsPerDay, @Secret, @CreatedBy, @CreatedAt, @CreatedAt WHERE (SELECT count(*) FROM publishers) < @Most
                ON CONFLICT (name) DO NOTHING RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(insertSql, ActLog.With(
            new { publisher.Id, publisher.Name, publisher.Description, publisher.RunsPerDay, Secret = sealedSecret, publisher.CreatedBy, publisher.CreatedAt, Most }, ActOf(null, publisher, "made"), publisher.CreatedAt), cancellationToken: ct)) == 1;
    }

    /// <param name="seen">As the caller saw it.</param>
    /// <returns>False when somebody else has changed it since, or it is gone.</returns>
    internal async Task<bool> UpdateAsync(Publisher publisher, Publisher seen, DateTimeOffset now, CancellationToken ct)
    {
        var updateSql = $"""
            WITH made AS (
                UPDATE publishers SET description = @Description, is_on = @IsOn, runs_per_day = @RunsPerDay, updated_at = GREATEST(@Now, updated_at + interval '1 microsecond')
                WHERE id = @Id AND updated_at = @Seen RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(updateSql,
            ActLog.With(new { publisher.Id, publisher.Description, publisher.IsOn, publisher.RunsPerDay, Seen = seen.UpdatedAt, Now = now }, ActOf(seen, publisher, "changed"), now), cancellationToken: ct)) == 1;
    }

    /// <summary>Another secret; what is signed with the present one is taken until then, and with those before until their own end, unless that is now.</summary>
    /// <returns>False when there is no such publisher.</returns>
    internal async Task<bool> RotateAsync(Publisher publisher, string sealedSecret, DateTimeOffset formerUntil, DateTimeOffset now, CancellationToken ct)
    {
        var rotateSql = $"""
            WITH made AS (UPDATE publishers SET {SecretOverlap.ExchangeSql}, known_by = array_remove(known_by, @By::text) || @By::text, updated_at = GREATEST(@Now, updated_at + interval '1 microsecond') WHERE id = @Id RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        var act = ActOf(publisher, publisher with { FormerSecretUntil = formerUntil > now && publisher.FormerSecretUntil > formerUntil ? publisher.FormerSecretUntil : formerUntil }, "changed");
        act.Fields.Given("secret");
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(rotateSql, ActLog.With(new { publisher.Id, Secret = sealedSecret, FormerUntil = formerUntil, Now = now, By = AccountScope.Caller?.Name ?? "service" }, act, now), cancellationToken: ct)) == 1;
    }

    /// <summary>Takes one away that has made nothing yet, with its templates and its log.</summary>
    public async Task<PublisherRemoved> DeleteAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        // Locked first: what is being taken for it is made before, and then it has runs, or finds it gone.
        const string HoldSql = $"SELECT {Columns} FROM publishers p WHERE p.id = @Id FOR UPDATE OF p";
        var deleteSql = $"""
            WITH gone AS (DELETE FROM publishers p WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM clip_runs r WHERE r.publisher_id = p.id) RETURNING id),
            act AS ({ActLog.InsertFrom("gone")})
            SELECT count(*) FROM gone
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<Publisher>(new(HoldSql, new { Id = id, Now = now, Publisher.MostCounted }, transaction, cancellationToken: ct)) is not { } publisher) return PublisherRemoved.Unknown;
        var gone = await connection.ExecuteScalarAsync<long>(new(deleteSql, ActLog.With(new { Id = id }, ActOf(publisher, publisher, "removed"), now), transaction, commandTimeout: 120, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return gone == 1 ? PublisherRemoved.Done : PublisherRemoved.HasRuns;
    }

    private static Act ActOf(Publisher? before, Publisher publisher, string action)
    {
        static object? Told(Publisher? publisher) => publisher is null ? null : new { publisher.Name, publisher.Description, publisher.RunsPerDay, Enabled = publisher.IsOn, publisher.FormerSecretUntil };
        return new("publisher", $"{publisher.Id}", publisher.Name, action, null, ActLog.Differences(Told(before), action == "removed" ? null : Told(publisher)));
    }
}
