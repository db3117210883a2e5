using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>A fixture at the service that pages share, with an admin who sees all accounts; each test brings accounts and users of its own.</summary>
public abstract class SharedPagesTests
{
    private protected Service _service = null!;
    private protected ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();
}

/// <summary>Users, and programs with their keys.</summary>
internal static class Persons
{
    /// <summary>The body of a user who may see these accounts; a + before an id: and spend there.</summary>
    public static JsonObject UserBody(string role, params IEnumerable<string> accounts) => new()
    {
        ["name"] = "Somebody", ["mail"] = $"{Guid.NewGuid():N}@example.com", ["role"] = role, ["accounts"] = Grants(accounts),
    };

    public static JsonArray Grants(params IEnumerable<string> accounts) => [.. accounts.Select(id => new JsonObject { ["id"] = id.TrimStart('+'), ["may_spend"] = id.StartsWith('+') })];

    public static async Task<JsonNode> AddUserAsync(this ApiClient admin, JsonObject body)
    {
        var answer = await admin.PostAsync("/meta/users", body);
        Assert.That(answer.Code, Is.EqualTo(201), answer.Text);
        return answer.Json;
    }

    /// <returns>The key's id and the key.</returns>
    public static async Task<(string Id, string Secret)> AddKeyAsync(this ApiClient admin, string userId, JsonObject? body = null)
    {
        var answer = await admin.PostAsync($"/meta/users/{userId}/keys", body ?? new JsonObject { ["name"] = "the program" });
        Assert.That(answer.Code, Is.EqualTo(201), answer.Text);
        return ((string)answer.Json["key"]!["id"]!, (string)answer.Json["secret"]!);
    }

    /// <summary>A program with a key of a new user.</summary>
    public static async Task<(ApiClient Client, string Mail, string UserId, string KeyId, string Secret)> ProgramAsync(this Service service, ApiClient admin, string role, params IEnumerable<string> accounts)
    {
        var user = await admin.AddUserAsync(UserBody(role, accounts));
        var (keyId, secret) = await admin.AddKeyAsync((string)user["id"]!);
        return (service.With(secret), (string)user["mail"]!, (string)user["id"]!, keyId, secret);
    }

    /// <summary>The key's time is over, and a sweep has seen that.</summary>
    public static async Task ExpireAsync(this Service service, string keyId)
    {
        await service.Database.DataSource.DoAsync("UPDATE api_keys SET expires_at = now() - interval '1 minute' WHERE id = @Id", new { Id = Guid.Parse(keyId) });
        await using var core = InProcess.Configure(service.Database.ConnectionString, time: null);
        await core.GetRequiredService<ApiKeyStore>().EndExpiredAsync(CancellationToken.None);
    }

    public static ApiClient With(this Service service, string bearer)
    {
        var client = service.Client(role: null);
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }
}
