using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Holding;

/// <summary>Hours of days of the week, in each account's own zone.</summary>
/// <param name="Days">monday … sunday.</param>
/// <param name="From">Such as 00:00.</param>
/// <param name="Until">Later on the same day, such as 24:00.</param>
public sealed record WeeklyFreeze(IReadOnlyList<string> Days, string From, string Until);

/// <summary>A time at which nothing is activated and nothing raised. Pauses, lowerings and ends go on.</summary>
public sealed record Freeze
{
    public required Guid Id { get; init; }

    /// <summary>Null: of all accounts.</summary>
    public Guid? SocialAccountId { get; init; }
    public DateTimeOffset? From { get; init; }
    public DateTimeOffset? Until { get; init; }

    /// <summary>Instead of from and until.</summary>
    public WeeklyFreeze? Weekly { get; init; }
    public string? Reason { get; init; }
    public required string MadeBy { get; init; }
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>When somebody ended it before its time; null: nobody has.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    public string? EndedBy { get; init; }
}

/// <summary>Which freezes. Days are UTC, of when one was made.</summary>
/// <param name="AccountId">Those that hold it; null: of every account.</param>
/// <param name="Person">Who has made one, or ended it.</param>
/// <param name="ChangedSince">Those that were made or ended since, over or not; null: those that are not over.</param>
public sealed record FreezeFilter(Guid? AccountId = null, string? Person = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null);

/// <summary>Sets freezes and ends them. What one has held goes on at once when it is ended, and else by itself.</summary>
public sealed class Freezes(NpgsqlDataSource dataSource, AccountStore accounts, IJobQueue queue, TimeProvider time)
{
    /// <summary>Those of a week, as they are named.</summary>
    public static IReadOnlyList<string> Days => Week;

    // Each is looked at whenever something is activated. Of one maker there are fewer: the others are for others.
    private const int Most = 5000;
    private const int MostOfOne = 1000;

    private static readonly string[] Week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    private const string ReadSql = """
        SELECT id, social_account_id, from_at, until_at, weekdays, to_char(from_time, 'HH24:MI') AS from_time, to_char(until_time, 'HH24:MI') AS until_time, reason, made_by, made_at, ended_at, ended_by FROM freezes
        """;

    public async Task<Saved<Freeze>> AddAsync(JsonElement body, string madeBy, CancellationToken ct)
    {
        var insertSql = $"""
            WITH made AS (INSERT INTO freezes (id, social_account_id, from_at, until_at, weekdays, from_time, until_time, reason, made_by, made_at)
            SELECT @Id, @AccountId::uuid, @From::timestamptz, @Until::timestamptz, @Weekdays::int[], @FromTime::time, @UntilTime::time, @Reason::text, @MadeBy, @Now
            WHERE (SELECT count(*) < @Most AND count(*) FILTER (WHERE lower(made_by) = lower(@MadeBy)) < @MostOfOne FROM freezes WHERE ended_at IS NULL AND (until_at IS NULL OR until_at > @Now)) RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        var (now, errors) = (time.GetUtcNow(), new FieldErrors());
        var fields = new JsonFields(body, errors);
        var accountId = fields.Id("social_account_id");
        var account = accountId is { } given ? await accounts.FindAsync(given, ct) : null;
        if (accountId is not null && account is null) return new Saved<Freeze>.Unknown(accountId.Value);
        if (accountId is null && !AccountScope.IsAll) fields.Refuse("social_account_id", "is required: only who may spend in all accounts freezes them all");
        var weekly = ReadWeekly(fields);
        var (from, until) = fields.Has("weekly") ? default : (ReadMoment(fields, "from", account), ReadMoment(fields, "until", account));
        foreach (var name in (string[])["from", "until"])
            if (fields.Has(name) && fields.Has("weekly")) fields.Refuse(name, "is not for a weekly freeze");
        if (until <= from) fields.Refuse("until", "must be after from");
        if (until <= now) fields.Refuse("until", "must be in the future");
        var reason = fields.Text("reason", max: 500);
        fields.RefuseUnknown();
        if (errors.Any) return new Saved<Freeze>.Invalid(errors);
        var id = Guid.CreateVersion7(now);
        var act = new Act("freeze", $"{id}", account?.Name, "made", accountId, ActLog.Differences(null, new { From = from, Until = until, Weekly = weekly, Reason = reason }));
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            var made = await connection.ExecuteScalarAsync<long>(new(insertSql, ActLog.With(new
            {
                Id = id, AccountId = accountId, From = from, Until = until, Weekdays = weekly?.Days.Select(day => Array.IndexOf(Week, day) + 1).ToArray(), FromTime = weekly?.From, UntilTime = weekly?.Until, Reason = reason, MadeBy = madeBy, Now = now,
                Most, MostOfOne,
            }, act, now), cancellationToken: ct));
            if (made == 0)
            {
                errors.Add("$", $"there are {MostOfOne} freezes of yours that are not over, or {Most} in all, and there can be no more: end one first; one without social_account_id holds all accounts");
                return new Saved<Freeze>.Invalid(errors);
            }
        }

        return new Saved<Freeze>.Done((await FindAsync(id, ct))!);
    }

    public async Task<Freeze?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE id = @Id", new { Id = id }, cancellationToken: ct)))?.ToFreeze();
    }

    /// <summary>Those that are not over, of all accounts and of one; newest first.</summary>
    public async Task<IReadOnlyList<Freeze>> ListAsync(FreezeFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        List<string> conditions = [filter.ChangedSince is null ? "ended_at IS NULL AND (until_at IS NULL OR until_at > @Now)" : "(made_at >= @ChangedSince OR ended_at >= @ChangedSince)"];
        if (before is not null) conditions.Add("id < @Before");
        // One of all accounts holds theirs, too.
        if (filter.AccountId is not null) conditions.Add("(social_account_id IS NULL OR social_account_id = @AccountId)");
        if (filter.Person is not null) conditions.Add("@Person IN (made_by, ended_by)");
        if (filter.Since is not null) conditions.Add("made_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("made_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        var listSql = $"{ReadSql} WHERE {string.Join(" AND ", conditions)} AND (social_account_id IS NULL OR {AccountScope.Is("social_account_id")}) ORDER BY id DESC LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Row>(new(listSql, new { Scope = AccountScope.Accounts, filter.AccountId, filter.Person, filter.Since, filter.Until, filter.ChangedSince, Now = time.GetUtcNow(), Before = before, Limit = limit }, cancellationToken: ct))).Select(row => row.ToFreeze()).ToList();
    }

    /// <returns>False when it is over already; null when there is none.</returns>
    public async Task<bool?> EndAsync(Guid id, string endedBy, CancellationToken ct)
    {
        // What it held looks again: at once by the jobs below; when this process dies before them, by the sweep's. Locked in the order of ids, so that two who lock several do not wait for each other.
        if (await FindAsync(id, ct) is not { } freeze) return null;
        var endSql = $"""
            WITH ended AS (
                UPDATE freezes SET ended_at = @Now, ended_by = @By WHERE id = @Id AND ended_at IS NULL AND (until_at IS NULL OR until_at > @Now) RETURNING social_account_id),
            runs AS (
                UPDATE orchestrations r SET next_attempt_at = @Now, job_id = NULL
                FROM (SELECT o.request_id FROM ended, orchestrations o
                      WHERE o.status = 'waiting' AND {ClaimTable.Free("o")} AND o.wait_reason LIKE 'frozen by %' AND o.social_account_id = COALESCE(ended.social_account_id, o.social_account_id)
                      ORDER BY o.request_id FOR NO KEY UPDATE OF o) held
                WHERE r.request_id = held.request_id RETURNING r.request_id, {Queues.IsRow("r")} AS is_row),
            edits AS (
                UPDATE campaign_edits e SET next_attempt_at = @Now, job_id = NULL
                FROM (SELECT x.edit_id FROM ended, campaign_edits x
                      WHERE x.state = 'waiting' AND {ClaimTable.Free("x")} AND x.wait_reason LIKE 'frozen by %' AND x.social_account_id = COALESCE(ended.social_account_id, x.social_account_id)
                      ORDER BY x.edit_id FOR NO KEY UPDATE OF x) held
                WHERE e.edit_id = held.edit_id RETURNING e.edit_id),
            act AS ({ActLog.InsertFrom("ended")})
            SELECT 0, NULL::uuid, false FROM ended UNION ALL SELECT 1, request_id, is_row FROM runs UNION ALL SELECT 2, edit_id, false FROM edits
            """;
        var now = time.GetUtcNow();
        // Nothing of a freeze ever changes but its end.
        var act = new Act("freeze", $"{id}", null, "ended", freeze.SocialAccountId, ActLog.Differences(new { freeze.Until, EndedAt = (DateTimeOffset?)null }, new { freeze.Until, EndedAt = (DateTimeOffset?)now }));
        List<(int Kind, Guid? Id, bool IsRow)> rows;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            rows = (await connection.QueryAsync<(int, Guid?, bool)>(new(endSql, ActLog.With(new { Id = id, By = endedBy, Now = now }, act, now), cancellationToken: ct))).AsList();
        }

        if (rows.Count == 0) return false;
        foreach (var (kind, held, isRow) in rows.Where(row => row.Id is not null))
            _ = kind == 2 ? queue.EnqueueEdit(held!.Value, goesFirst: false) : isRow ? queue.EnqueueRow(held!.Value) : queue.EnqueueOrchestration(held!.Value);
        return true;
    }

    // Of all accounts there is no one zone.
    private static DateTimeOffset? ReadMoment(JsonFields fields, string name, SocialAccount? account)
    {
        if (!fields.Has(name))
        {
            fields.Refuse(name, "is required, unless weekly is given");
            return null;
        }

        if (account is null) return fields.Moment(name)?.ToUniversalTime();
        if (fields.LocalMoment(name) is not { } text) return null;
        var (at, why) = LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName));
        if (why is not null) fields.Refuse(name, why);
        return at;
    }

    private static WeeklyFreeze? ReadWeekly(JsonFields fields)
    {
        if (fields.Object("weekly") is not { } weekly) return null;
        var days = weekly.List("days", 7, (item, path) =>
        {
            if (weekly.TextOf(item, path, 20) is { } day && Days.Contains(day)) return day;
            weekly.Errors.AddOnce(path, $"must be one of {string.Join(", ", Days)}");
            return null;
        });
        if (days is null or [] && !weekly.Errors.Any) weekly.Refuse("days", "is required");
        var (from, until) = (Hour("from", "00:00"), Hour("until", "24:00"));
        if (from is not null && until is not null && string.CompareOrdinal(from, until) >= 0) weekly.Refuse("until", "must be after from, on the same day: a freeze over midnight is two of them");
        weekly.RefuseUnknown();
        return days is null || from is null || until is null ? null : new([.. days.Distinct()], from, until);

        string? Hour(string name, string example)
        {
            var text = weekly.Text(name, required: true, max: 5);
            if (text is null || text == "24:00" || TimeOnly.TryParseExact(text, "HH:mm", out _)) return text;
            weekly.Refuse(name, $"must be a time of day such as {example}");
            return null;
        }
    }

    private sealed record Row
    {
        public Guid Id { get; init; }
        public Guid? SocialAccountId { get; init; }
        public DateTimeOffset? FromAt { get; init; }
        public DateTimeOffset? UntilAt { get; init; }
        public int[]? Weekdays { get; init; }
        public string? FromTime { get; init; }
        public string? UntilTime { get; init; }
        public string? Reason { get; init; }
        public string MadeBy { get; init; } = "";
        public DateTimeOffset MadeAt { get; init; }
        public DateTimeOffset? EndedAt { get; init; }
        public string? EndedBy { get; init; }

        public Freeze ToFreeze() => new()
        {
            Id = Id, SocialAccountId = SocialAccountId, From = FromAt, Until = UntilAt, Weekly = Weekdays is null ? null : new([.. Weekdays.Select(day => Days[day - 1])], FromTime!, UntilTime!), Reason = Reason, MadeBy = MadeBy,
            MadeAt = MadeAt, EndedAt = EndedAt, EndedBy = EndedBy,
        };
    }
}
