using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Publishers.Templates;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Publishers;

/// <summary>A message of a publisher before it is signed, and as it is sent.</summary>
internal sealed record ClipMessage(string Id, JsonObject Body)
{
    /// <param name="more">Of the clip, beside what every clip has.</param>
    public static ClipMessage Of(string clip, string? id = null, JsonObject? more = null)
    {
        var data = new JsonObject { ["clip_id"] = clip, ["title"] = $"Clip {clip}", ["url"] = $"https://example.com/clips/{clip}", ["video_url"] = $"https://cdn.example.com/{clip}.mp4" };
        foreach (var (name, value) in more ?? []) data[name] = value?.DeepClone();
        return new(id ?? $"msg_{Guid.NewGuid():N}", new() { ["type"] = "clip.published", ["data"] = data });
    }

    public byte[] Bytes => Encoding.UTF8.GetBytes(Body.ToJsonString());

    public SignedMessage Sign(string secret, DateTimeOffset now)
    {
        var (seconds, bytes) = (now.ToUnixTimeSeconds(), Bytes);
        return new(Id, $"{seconds}", StandardWebhooks.Sign([secret], Id, seconds, bytes), bytes);
    }
}

/// <summary>A publisher and accounts, and nobody who runs what is made.</summary>
internal sealed class ClipWorld : IAsyncDisposable
{
    public const string Name = "studio";
    private readonly InProcess _core;

    private ClipWorld(InProcess core, ShiftedTime time) => (_core, Time) = (core, time);

    public ShiftedTime Time { get; }
    public Guid Account { get; private set; }
    public Guid Other { get; private set; }
    public Guid Publisher { get; private set; }
    public string Secret { get; private set; } = "";

    public T Get<T>() where T : notnull => _core.Get<T>();

    public TestDatabase Database => _core.Database;

    public static async Task<ClipWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var time = new ShiftedTime();
        var world = new ClipWorld(await InProcess.CreateAsync(time, [("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])), .. settings]), time);
        (world.Account, world.Other) = (await world._core.AddAccountAsync(), await world._core.AddAccountAsync());
        return world;
    }

    /// <summary>Another publisher, for a test of its own, with a template for the first account.</summary>
    public async Task NewPublisherAsync(string? name = null, int runsPerDay = 10_000, JsonObject? template = null)
    {
        var saved = (PublisherSaved.Done)await Get<SavePublisher>().CreateAsync(Json(new { name = name ?? $"studio-{Guid.NewGuid():N}"[..20], runs_per_day = runsPerDay }), "ann", CancellationToken.None);
        (Publisher, Secret) = (saved.Value.Id, saved.Secret!);
        await PutTemplateAsync(Account, template ?? Template());
    }

    public static JsonObject Template(Action<JsonObject>? change = null)
    {
        var request = new JsonObject
        {
            ["campaign_name"] = "{clip.title} {date}", ["campaign_objective"] = "OUTCOME_TRAFFIC", ["daily_budget_cents"] = 2000, ["creative_title"] = "{clip.title:40}", ["landing_url"] = "{clip.url}",
            ["optimization_goal"] = "LINK_CLICKS",
        };
        change?.Invoke(request);
        return new() { ["request"] = request };
    }

    public async Task<ClipTemplate> PutTemplateAsync(Guid account, JsonObject template)
    {
        var saved = await SaveTemplateAsync(account, template);
        Assert.That(saved, Is.InstanceOf<TemplateSaved.Done>(), saved is TemplateSaved.Invalid invalid ? JsonSerializer.Serialize(invalid.Errors.ToDictionary()) : "");
        return ((TemplateSaved.Done)saved).Value;
    }

    public Task<TemplateSaved> SaveTemplateAsync(Guid account, JsonObject template) => Get<SaveTemplate>().ExecuteAsync(Publisher, account, JsonSerializer.SerializeToElement(template), "ann", CancellationToken.None);

    /// <summary>Another process on the same database.</summary>
    public ServiceProvider Another() => InProcess.Configure(Database.ConnectionString, Time, ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])));

    /// <summary>Signed and taken, as it comes.</summary>
    /// <param name="process">Which takes it; null: the first.</param>
    /// <param name="meanwhile">What happens while it waits for its turn.</param>
    public async Task<Reception> SendAsync(ClipMessage message, IServiceProvider? process = null, Func<Task>? meanwhile = null)
    {
        var signed = message.Sign(Secret, Time.GetUtcNow());
        var publisher = (await Get<PublisherStore>().FindAsync(Publisher, Time.GetUtcNow(), CancellationToken.None))!;
        var check = await (process?.GetRequiredService<CheckSignature>() ?? Get<CheckSignature>()).ExecuteAsync(publisher.Name, signed, CancellationToken.None);
        Assert.That(check, Is.EqualTo(new SignatureCheck.Signed(Publisher, publisher.UpdatedAt)));
        if (meanwhile is not null) await meanwhile();
        return await (process?.GetRequiredService<ReceiveClipEvent>() ?? Get<ReceiveClipEvent>()).ExecuteAsync((SignatureCheck.Signed)check, signed, JsonElement.Parse(Encoding.UTF8.GetString(signed.Body.Span)), CancellationToken.None);
    }

    public async Task<ClipEvent> TakenAsync(ClipMessage message)
    {
        var received = await SendAsync(message);
        Assert.That(received, Is.InstanceOf<Reception.Taken>(), received is Reception.Invalid invalid ? JsonSerializer.Serialize(invalid.Errors.ToDictionary()) : "");
        return ((Reception.Taken)received).Event;
    }

    /// <summary>What a worker does every minute.</summary>
    public Task SweepAsync() => new SweepJob(Get<NpgsqlDataSource>(), Get<Sweep>(), new(new Hangfire.RecurringJobManager(Get<Hangfire.JobStorage>()), Get<AccountStore>(), Get<InsightsOptions>(), Microsoft.Extensions.Logging.Abstractions.NullLogger<Schedules>.Instance), Get<Core.Insights.Nightly.NightlySync>(), Get<RunDays>(), Get<SweepClipFiles>(),
        Get<PurgeEvents>(), Get<PurgeAlerts>(), Get<PurgeClipEvents>()).RunAsync(CancellationToken.None);

    public async Task<ClipEvent> RetakeAsync(Guid eventId, string by = "ben") => (await Get<RetakeClipEvent>().ExecuteAsync(Publisher, eventId, by, CancellationToken.None))!;

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    public async Task<long> RunsAsync() => (await QueryAsync<long>("SELECT count(*) FROM orchestrations o JOIN publishers p ON o.requested_by = 'publisher:' || p.name WHERE p.id = @Publisher", new { Publisher }))[0];

    public static JsonElement Json(object body) => JsonSerializer.SerializeToElement(body);

    public async ValueTask DisposeAsync() => await _core.DisposeAsync();
}
