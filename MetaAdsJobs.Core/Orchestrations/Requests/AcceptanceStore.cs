using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

internal sealed record EarlierRequest(Guid RequestId, byte[] Hash);

/// <summary>What the database knows of the things a request names.</summary>
/// <param name="Images">Whether a clip is an image, of those that exist.</param>
internal sealed record KnownThings(SocialAccount? Account, IReadOnlyDictionary<Guid, bool> Images, Guid[] UnknownClips, EarlierRequest? Earlier)
{
    /// <summary>As it will be once that clip is there.</summary>
    public KnownThings With(Guid clip, bool isImage) => this with { Images = new Dictionary<Guid, bool>(Images) { [clip] = isImage }, UnknownClips = [.. UnknownClips.Where(id => id != clip)] };
}

internal sealed class AcceptanceStore(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    /// <summary>The account, which clips exist and are images, and an earlier request with the same key: one round trip.</summary>
    public async Task<KnownThings> FindKnownAsync(Guid? accountId, Guid[] clipIds, string requestedBy, string? idempotencyKey, CancellationToken ct)
    {
        var findSql = $"""
            SELECT {AccountStore.Columns}, ARRAY(SELECT k.id FROM clips k WHERE k.id = ANY(@ClipIds) AND {ClipStore.IsImageSql}{ClipScope.And("k.id")}) AS images,
                   ARRAY(SELECT k.id FROM clips k WHERE k.id = ANY(@ClipIds) AND NOT {ClipStore.IsImageSql}{ClipScope.And("k.id")}) AS videos,
                   o.request_id AS earlier_request_id, o.request_hash AS earlier_hash
            FROM (SELECT 1) AS one
            LEFT JOIN social_accounts ON id = @AccountId{AccountScope.And("id")}
            LEFT JOIN orchestrations o ON o.requested_by = @RequestedBy AND o.idempotency_key = @IdempotencyKey{AccountScope.And("o.social_account_id")}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleAsync<Row>(new(findSql,
            new { AccountId = accountId, ClipIds = clipIds, RequestedBy = requestedBy, IdempotencyKey = idempotencyKey, Scope = AccountScope.Accounts }, cancellationToken: ct));
        var images = row.Images.Select(clip => (clip, true)).Concat(row.Videos.Select(clip => (clip, false))).ToDictionary(one => one.Item1, one => one.Item2);
        return new(row.ToAccount(), images, [.. clipIds.Where(clip => !images.ContainsKey(clip))], row.EarlierRequestId is { } id ? new(id, row.EarlierHash!) : null);
    }

    /// <summary>The row and its job.</summary>
    /// <returns>False when the caller has used the idempotency key before; nothing is written then.</returns>
    public async Task<bool> InsertAsync(
        Guid requestId, OrchestrationRequest request, string json, byte[] hash, string requestedBy, string? idempotencyKey, Func<Guid, string> enqueue, DateTimeOffset? activateAt, CancellationToken ct)
    {
        const string InsertSql = $"""
            WITH {ClipScope.ShownSql}
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, idempotency_key,
                request_hash, status, job_id, accepted_at, activate_at, requested_key)
            VALUES (@RequestId, @AccountId, @ClipId, @CampaignName, @Json::jsonb, @RequestedBy, @IdempotencyKey, @Hash, 'queued', @JobId, @Now, @ActivateAt, @KeyName)
            """;
        var shape = new TreeShape(request);
        try
        {
            await queue.InsertWithJobAsync(() => enqueue(requestId), InsertSql, jobId => new
            {
                RequestId = requestId, AccountId = request.SocialAccountId, ClipId = shape.FirstClip, ClipIds = shape.Media.Select(media => media.ClipId).ToArray(), IntoCampaign = request.ValidateOnly ? null : request.CampaignId, request.CampaignName, Json = json, RequestedBy = requestedBy,
                IdempotencyKey = idempotencyKey, Hash = hash, JobId = jobId, Now = time.GetUtcNow(), ActivateAt = activateAt, AccountScope.Caller?.KeyName,
            }, ct);
            return true;
        }
        catch (PostgresException refused) when (refused.ConstraintName == "orchestrations_idempotency_key")
        {
            return false;
        }
    }

    private sealed record Row
    {
        public Guid? Id { get; init; }
        public string Name { get; init; } = "";
        public string AdAccountId { get; init; } = "";
        public string PageId { get; init; } = "";
        public string? InstagramUserId { get; init; }
        public string? PixelId { get; init; }
        public string Currency { get; init; } = "";
        public string TimezoneName { get; init; } = "";
        public string[] DefaultCountries { get; init; } = [];
        public long? MinDailyBudget { get; init; }
        public string? MetaCurrency { get; init; }
        public long? CampaignCapCents { get; init; }
        public long? DailyCapCents { get; init; }
        public bool CapsOff { get; init; }
        public DateTimeOffset? RetiredAt { get; init; }
        public bool IsDouble { get; init; }
        public Guid[] Images { get; init; } = [];
        public Guid[] Videos { get; init; } = [];
        public Guid? EarlierRequestId { get; init; }
        public byte[]? EarlierHash { get; init; }

        public SocialAccount? ToAccount() => Id is not { } id ? null : new()
        {
            Id = id, Name = Name, AdAccountId = AdAccountId, PageId = PageId, InstagramUserId = InstagramUserId, PixelId = PixelId, Currency = Currency,
            TimezoneName = TimezoneName, DefaultCountries = DefaultCountries, MinDailyBudget = MinDailyBudget, MetaCurrency = MetaCurrency,
            CampaignCapCents = CampaignCapCents, DailyCapCents = DailyCapCents, CapsOff = CapsOff, RetiredAt = RetiredAt, IsDouble = IsDouble,
        };
    }
}
