namespace MetaAdsJobs.Launch.Demo;

/// <summary>The account and the clip that the sample request names; made through the API like anybody's, with fixed ids.</summary>
internal static class DemoObjects
{
    private const string AccountId = "5c1a0000-0000-4000-8000-000000000001";
    private const string ClipId = "5c1a0000-0000-4000-8000-000000000002";

    private const string Account = $$"""
        {
          "id": "{{AccountId}}",
          "name": "Demo account",
          "ad_account_id": "act_1000000001",
          "page_id": "2000000001",
          "currency": "USD",
          "timezone_name": "America/New_York",
          "default_countries": ["US"],
          "access_token": "stub-token"
        }
        """;

    private const string Clip = $$"""
        {
          "id": "{{ClipId}}",
          "title": "Summer sale",
          "video_url": "https://example.com/clips/summer-sale.mp4",
          "thumbnail_url": "https://example.com/clips/summer-sale.jpg"
        }
        """;

    public static async Task EnsureAsync(ServiceClient service, CancellationToken ct)
    {
        if (!await service.ExistsAsync($"/meta/accounts/{AccountId}", ct))
            await service.PostAsync("/meta/accounts", Account, ct);
        if (!await service.ExistsAsync($"/meta/clips/{ClipId}", ct))
            await service.PostAsync("/meta/clips", Clip, ct);
    }
}
