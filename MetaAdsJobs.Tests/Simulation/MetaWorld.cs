using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>An object as Meta keeps it.</summary>
internal sealed class MetaObject
{
    public required string Id { get; init; }

    /// <summary>campaigns, adsets, adcreatives, ads or advideos.</summary>
    public required string Kind { get; init; }
    public required string AccountId { get; init; }
    public required string Name { get; set; }
    public MetaObject? Parent { get; init; }
    public MetaObject? Creative { get; set; }
    public string Targeting { get; set; } = "{}";

    /// <summary>A day's.</summary>
    public long Budget { get; set; }
    public long Lifetime { get; set; }
    public DateTimeOffset? EndTime { get; set; }

    /// <summary>From when on what is left of its time shares its lifetime budget; somewhat before, as it was a moment earlier that somebody reckoned with it.</summary>
    public DateTimeOffset PacedFrom { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on lists show it.</summary>
    public required DateTimeOffset ListedFrom { get; init; }
    public string Status { get; set; } = "PAUSED";
    public DateTimeOffset ReadyAt { get; init; }

    /// <summary>A person has activated, paused or deleted it in Ads Manager.</summary>
    public bool IsByHand { get; set; }

    /// <summary>Somebody has made it in Ads Manager.</summary>
    public bool IsOfOthers { get; init; }

    /// <summary>A video that was sent in parts.</summary>
    public bool IsOfParts { get; init; }
    public bool Lives => Status != "DELETED" && Parent is null or { Lives: true } && Status != "DELETED";

    /// <summary>What it may spend a day, when it is on.</summary>
    public long ADay(DateTimeOffset now) => EndTime <= now ? 0 : Lifetime > 0 && EndTime is { } end ? (long)Math.Ceiling(Lifetime / Math.Max(1, Math.Ceiling((end - PacedFrom).TotalDays))) : Budget;

    public string Marker => Name[(Name.LastIndexOf('[') + 1)..].TrimEnd(']');
}

/// <summary>A call that was sent.</summary>
internal sealed record SentCall(DateTimeOffset At, GraphCall Call)
{
    /// <summary>Its answer said that it was not done.</summary>
    public bool IsProvenNotDone { get; set; }

    /// <summary>Its answer said that it was done.</summary>
    public bool IsDone { get; set; }
}

/// <summary>Meta's side of the world, in memory: what exists, what lists show of it, and what it answers. It shares no line with the client.</summary>
internal sealed class MetaWorld(History history)
{
    public const int BytesOfFile = 1000;
    private readonly List<MetaObject> _objects = [];
    private readonly Dictionary<string, string> _tokens = [];
    private readonly Dictionary<string, (string AccountId, string VideoId, long Size, long Received)> _uploads = [];
    private long _nextId = 1000;

    public IReadOnlyList<MetaObject> Objects => _objects;

    /// <summary>Every change that was done, in order.</summary>
    public List<(DateTimeOffset At, GraphCall Call, MetaObject Object)> Done { get; } = [];

    /// <summary>Every call, when it was sent.</summary>
    public List<SentCall> AllSent { get; } = [];

    /// <summary>Every list that was read, at the moment in which Meta made its answer.</summary>
    public List<(DateTimeOffset At, string Edge)> Looks { get; } = [];

    public HashSet<string> BlockedAccounts { get; } = [];

    /// <summary>How long lists hide what is new, at the most.</summary>
    public TimeSpan ListLag { get; set; }

    public string TokenOf(string accountId) => _tokens[accountId];

    public void SetToken(string accountId, string token) => _tokens[accountId] = token;

    public SentCall Sent(GraphCall call)
    {
        var sent = new SentCall(history.Clockwork.Now, call);
        AllSent.Add(sent);
        history.Judge.Sends(call);
        return sent;
    }

    public IEnumerable<MetaObject> Ours(string accountId) => _objects.Where(one => one.AccountId == accountId && one.Name.Contains("[maj", StringComparison.Ordinal));

    public static bool IsSpending(MetaObject campaign, IEnumerable<MetaObject> all) => campaign is { Kind: "campaigns", Lives: true, Status: "ACTIVE" }
        && all.Any(ad => ad is { Kind: "ads", Lives: true, Status: "ACTIVE", Parent: { Status: "ACTIVE", Lives: true } set } && set.Parent == campaign);

    public static void ByHand(MetaObject thing, string status)
    {
        thing.Status = status;
        thing.IsByHand = true;
    }

    public string NextId() => (++_nextId).ToString(CultureInfo.InvariantCulture);

    public MetaObject AddByHand(MetaObject thing)
    {
        _objects.Add(thing);
        return thing;
    }

    public GraphAnswer Handle(GraphCall call)
    {
        var account = call.Path.Split('/')[0] is var first && first.StartsWith("act_", StringComparison.Ordinal) ? first : _objects.Find(one => one.Id == first)?.AccountId ?? history.Numbers.AccountOf(first);
        if (account is not null && _tokens.TryGetValue(account, out var token) && token != call.Token) return GraphAnswer.Error(190, 463, "Error validating access token");
        if (account is not null && BlockedAccounts.Contains(account) && call.Changes) return GraphAnswer.Error(368, null, "The action attempted has been deemed abusive");
        return call switch
        {
            { Method: "POST", Edge: "advideos" } when call["upload_phase"] is { } phase => Upload(call, phase, account!),
            { IsCreate: true, Edge: "campaigns" or "adsets" or "adcreatives" or "ads" or "advideos" } => Create(call, account!),
            { IsCreate: true, Edge: "adimages" } => GraphAnswer.Ok("""{"images":{"bytes":{"hash":"abc","url":"https://example.com/x"}}}"""),
            { Method: "GET", Edge: "campaigns" or "adsets" or "adcreatives" or "ads" or "advideos" } when call.Path.Contains('/', StringComparison.Ordinal) => List(call),
            { Edge: "insights" } => history.Numbers.Handle(call),
            { Method: "GET" } when call.Path.StartsWith("act_", StringComparison.Ordinal) =>
                GraphAnswer.Ok($$"""{"id":"{{call.Path}}","account_status":1,"currency":"USD","timezone_name":"America/New_York","min_daily_budget":100}"""),
            _ => Node(call),
        };
    }

    private GraphAnswer Create(GraphCall call, string account)
    {
        var parent = call["campaign_id"] ?? call["adset_id"];
        var above = parent is null ? null : _objects.Find(one => one.Id == parent);
        if (parent is not null && above is not { Lives: true }) return GraphAnswer.Error(100, 1487851, "the parent is gone");
        if (IsOver(call)) return TooLate;
        var creative = call["creative"] is { } given ? _objects.Find(one => one.Id == JsonNode.Parse(given)!["creative_id"]!.ToString()) : null;
        if (call.Edge == "ads" && creative is not { Lives: true }) return GraphAnswer.Error(100, 1487851, "the creative is gone");
        var now = history.Clockwork.Now;
        var thing = new MetaObject
        {
            Id = NextId(), Kind = call.Edge, AccountId = account, Name = call["name"] ?? call["title"] ?? "", Parent = above, Creative = creative,
            Budget = long.Parse(call["daily_budget"] ?? "0", CultureInfo.InvariantCulture), CreatedAt = now,
            ListedFrom = Listed(now, call),
            Targeting = call["targeting"] ?? "{}", ReadyAt = now + TimeSpan.FromSeconds(history.Choices.Chance(history.Odds.Slow) ? history.Choices.OneOf(5, 60, 600) : 1),
            Status = call["status"] ?? "ACTIVE", Lifetime = long.Parse(call["lifetime_budget"] ?? "0", CultureInfo.InvariantCulture), EndTime = EndOf(call), PacedFrom = now - Reckoning,
        };
        _objects.Add(thing);
        Done.Add((now, call, thing));
        history.Judge.Created(thing, call);
        return GraphAnswer.Ok($$"""{"id":"{{thing.Id}}"}""");
    }

    private static readonly TimeSpan Reckoning = TimeSpan.FromMinutes(15);
    private static readonly GraphAnswer TooLate = GraphAnswer.Error(100, 1487057, "the end is in the past");

    private static DateTimeOffset? EndOf(GraphCall call) => call["end_time"] is { } end ? DateTimeOffset.Parse(end, CultureInfo.InvariantCulture) : null;

    private bool IsOver(GraphCall call) => EndOf(call) <= history.Clockwork.Now;

    // A session makes one video, at its end; a part is taken at its place only, and what is wanted is told.
    private GraphAnswer Upload(GraphCall call, string phase, string account)
    {
        if (phase == "start")
        {
            var (id, videoId) = ((++_nextId).ToString(CultureInfo.InvariantCulture), (++_nextId).ToString(CultureInfo.InvariantCulture));
            _uploads[id] = (account, videoId, long.Parse(call["file_size"]!, CultureInfo.InvariantCulture), 0);
            return GraphAnswer.Ok($$"""{"upload_session_id":"{{id}}","video_id":"{{videoId}}",{{Wanted(_uploads[id])}} }""");
        }

        if (call["upload_session_id"] is not { } session || !_uploads.TryGetValue(session, out var upload) || upload.AccountId != account) return GraphAnswer.Error(6001, 1363041, "no such session");
        var start = phase == "transfer" ? long.Parse(call["start_offset"]!, CultureInfo.InvariantCulture) : upload.Size;
        if (start != upload.Received)
            return new(400, $$"""{"error":{"message":"another part","code":6001,"error_subcode":1363037,"is_transient":false,"error_data":{ {{Wanted(upload)}} } } }""");
        if (phase == "transfer")
        {
            _uploads[session] = upload with { Received = start + long.Parse(call["video_file_chunk"]!, CultureInfo.InvariantCulture) };
            return GraphAnswer.Ok($"{{{Wanted(_uploads[session])}}}");
        }

        _uploads.Remove(session);
        var now = history.Clockwork.Now;
        _objects.Add(new()
        {
            Id = upload.VideoId, Kind = "advideos", AccountId = account, Name = call["title"]!, CreatedAt = now, ListedFrom = now, Status = "ACTIVE", IsOfParts = true,
            ReadyAt = now + TimeSpan.FromSeconds(history.Choices.Chance(history.Odds.Slow) ? history.Choices.OneOf(5, 60, 600) : 1),
        });
        return GraphAnswer.Ok("""{"success":true}""");
    }

    private static string Wanted((string AccountId, string VideoId, long Size, long Received) upload) =>
        $"\"start_offset\":\"{upload.Received}\",\"end_offset\":\"{Math.Min(upload.Size, upload.Received + (upload.Size / 3) + 1)}\"";

    // Lists show what is new late, but never later than the settle delay after it was sent: that is the one thing that is relied on.
    private DateTimeOffset Listed(DateTimeOffset now, GraphCall call)
    {
        if (!history.Choices.Chance(history.Odds.Lag)) return now;
        var (listed, last) = (now + (ListLag * history.Choices.OneOf(1, 0.5, 0.2)), AllSent.First(sent => sent.Call == call).At + history.SettleDelay - TimeSpan.FromSeconds(1));
        return listed < last ? listed : last;
    }

    private GraphAnswer List(GraphCall call)
    {
        Looks.Add((history.Clockwork.Now, call.Edge));
        var of = call.Path.Split('/')[0];
        var isAccount = of.StartsWith("act_", StringComparison.Ordinal);
        if (!isAccount && _objects.Find(one => one.Id == of) is not { Status: not "DELETED" })
            return GraphAnswer.Error(100, 33, "Object does not exist, cannot be loaded due to missing permissions, or does not support this operation");
        var filter = call["filtering"] is { } filtering ? JsonNode.Parse(filtering)![0]! : null;
        bool IsWanted(MetaObject one) => (string?)filter?["field"] switch
        {
            null => true,
            "id" => filter!["value"]!.AsArray().Any(id => (string)id! == one.Id),
            _ => one.Name.Contains((string)filter!["value"]!, StringComparison.Ordinal),
        };
        // What is deleted while a list is read pushes nothing of it past its reader; histories that are older keep the lists they had.
        bool IsCounted(MetaObject one) => one.Lives || history.IntoSeed is not null || history.AdoptSeed is not null;
        // Likewise the ads of a campaign.
        bool IsBelow(MetaObject one) => one.Parent?.Id == of || history.AdoptSeed is not null && one.Kind == "ads" && one.Parent?.Parent?.Id == of;
        bool IsShown(MetaObject one) => one.Lives && !(one.IsOfOthers && StatusOf(one) == "ARCHIVED");
        var found = _objects.Where(one => one.Kind == call.Edge && IsCounted(one) && one.ListedFrom <= history.Clockwork.Now
            && (isAccount ? one.AccountId == of : IsBelow(one)) && IsWanted(one)).ToList();
        // Small pages, whatever was asked for.
        var from = int.Parse(call["after"] ?? "0", CultureInfo.InvariantCulture);
        const int Size = 3;
        var items = string.Join(',', found.Skip(from).Take(Size).Where(IsShown).Select(one => call["fields"]?.Contains("adset{", StringComparison.Ordinal) == true ? WithParts(one) : JsonSerializer.Serialize(new
        {
            id = one.Id, name = one.Name, title = one.Name, status = history.KeepsArchived ? StatusOf(one) : one.Status, daily_budget = one.Budget.ToString(CultureInfo.InvariantCulture), lifetime_budget = $"{one.Lifetime}", end_time = one.EndTime, adset_id = one.Parent?.Id, optimization_goal = "LINK_CLICKS", billing_event = "IMPRESSIONS",
            creative = new { id = one.Creative?.Id, name = one.Creative?.Name },
        })));
        var next = found.Count > from + Size ? $$""","paging":{"cursors":{"after":"{{from + Size}}"},"next":"https://more"}""" : "";
        return GraphAnswer.Ok($$"""{"data":[{{items}}]{{next}}}""");
    }

    // An ad with what it belongs to.
    private string WithParts(MetaObject ad) => JsonSerializer.Serialize(new
    {
        id = ad.Id, effective_status = StatusOf(ad), issues_info = Array.Empty<string>(), adset = new { id = ad.Parent!.Id, effective_status = StatusOf(ad.Parent) },
        campaign = new { id = ad.Parent.Parent!.Id, effective_status = StatusOf(ad.Parent.Parent) }, creative = new { id = ad.Creative!.Id, status = StatusOf(ad.Creative) },
    });

    // With what is archived goes what hangs on it.
    public string StatusOf(MetaObject one)
    {
        static bool IsArchived(MetaObject? one) => one is not null && (one.Status == "ARCHIVED" || IsArchived(one.Parent));
        return !one.Lives ? "DELETED" : history.KeepsArchived && IsArchived(one) ? "ARCHIVED" : one.Status;
    }

    private GraphAnswer Node(GraphCall call)
    {
        if (_objects.Find(one => one.Id == call.Path) is not { } thing)
            return history.Numbers.FindRun(call) ?? GraphAnswer.Error(100, 33, "Object does not exist, cannot be loaded due to missing permissions, or does not support this operation");
        switch (call.Method)
        {
            case "GET" when thing.Kind == "advideos":
                return GraphAnswer.Ok(history.Clockwork.Now >= thing.ReadyAt
                    ? """{"status":{"video_status":"ready"},"thumbnails":{"data":[{"uri":"https://example.com/t.jpg","is_preferred":true,"width":100,"height":100}]},"picture":"https://example.com/p.jpg"}"""
                    : """{"status":{"video_status":"processing"}}""");
            case "GET":
                var status = StatusOf(thing);
                return GraphAnswer.Ok($$"""{"id":"{{thing.Id}}","account_id":"{{thing.AccountId[4..]}}","objective":"OUTCOME_TRAFFIC","status":"{{status}}","effective_status":"{{status}}","issues_info":[],"name":{{JsonSerializer.Serialize(thing.Name)}},"daily_budget":"{{thing.Budget}}","lifetime_budget":"{{thing.Lifetime}}","end_time":{{JsonSerializer.Serialize(thing.EndTime)}},"targeting":{{thing.Targeting}},"creative":{{JsonSerializer.Serialize(new { id = thing.Creative?.Id })}} }""");
            case "DELETE":
                if (!thing.Lives) return GraphAnswer.Error(100, 33, "Object does not exist, cannot be loaded due to missing permissions, or does not support this operation");
                // Others let an undo go on, as they did before ads were pointed to other creatives.
                if (history.HasContents && _objects.Exists(ad => ad is { Kind: "ads", Lives: true } && ad.Creative == thing)) return GraphAnswer.Error(100, 1487390, "the creative is shown by an ad");
                thing.Status = "DELETED";
                Done.Add((history.Clockwork.Now, call, thing));
                history.AdoptJudge.Touched(thing, call);
                return GraphAnswer.Ok("""{"success":true}""");
            default:
                if (!thing.Lives) return GraphAnswer.Error(100, 1487564, "deleted objects cannot be changed");
                if (history.KeepsArchived && StatusOf(thing) == "ARCHIVED" && call["status"] != "ARCHIVED") return GraphAnswer.Error(100, null, "of what is archived only the name can be changed");
                if (IsOver(call)) return TooLate;
                var spentBefore = history.Judge.SpentBy(thing, call);
                if (call["creative"] is { } given)
                {
                    if (_objects.Find(one => one.Id == JsonNode.Parse(given)!["creative_id"]!.ToString()) is not { Kind: "adcreatives", Lives: true } creative || creative.AccountId != thing.AccountId) return GraphAnswer.Error(100, 1487851, "the creative is gone");
                    thing.Creative = creative;
                }

                thing.Targeting = call["targeting"] ?? thing.Targeting;
                thing.Status = call["status"] ?? thing.Status;
                thing.Name = call["name"] ?? thing.Name;
                if (call["daily_budget"] is { } budget) thing.Budget = long.Parse(budget, CultureInfo.InvariantCulture);
                if (call["lifetime_budget"] is { } lifetime) thing.Lifetime = long.Parse(lifetime, CultureInfo.InvariantCulture);
                if (call.IsOfTerm) (thing.EndTime, thing.PacedFrom) = (EndOf(call) ?? thing.EndTime, history.Clockwork.Now - Reckoning);
                Done.Add((history.Clockwork.Now, call, thing));
                history.AdoptJudge.Touched(thing, call);
                history.Judge.Switched(thing, call, spentBefore);
                return GraphAnswer.Ok("""{"success":true}""");
        }
    }
}
