using System.Text.Json;

namespace MetaAdsJobs.Launch.Demo;

/// <summary>Stub mode's first admin: a user, and a link that opens the console once, within a day.</summary>
internal static class FirstAdmin
{
    private const string Mail = "admin@run.local";

    public static async Task<string> LinkAsync(ServiceClient service, CancellationToken ct)
    {
        var found = (await service.GetAsync($"/meta/users?search={Mail}", ct))["items"]!.AsArray();
        var user = found.Count > 0 ? found[0]! : await service.PostAsync("/meta/users", JsonSerializer.Serialize(new { name = "First admin", mail = Mail, role = "admin", all_accounts = true }), ct);
        return (string)(await service.PostAsync($"/meta/users/{user["id"]}/link", "{}", ct))["url"]!;
    }
}
