using System.Net.Http.Headers;
using Dapper;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

[TestFixture, HasServiceAlone]
public sealed class CsvTests
{
    private const int Rows = 50_000;

    [Test]
    public async Task Rows_leave_while_the_database_still_reads_them()
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client();
        var account = await client.AddAccountAsync();
        // Wide enough that they fit into no buffer on their way.
        await service.Database.DataSource.DoAsync("SELECT ensure_insight_partitions('2026-10-01', '2026-10-31')");
        await service.Database.DataSource.DoAsync("""
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, result_type, currency, raw, is_partial, synced_at)
            SELECT @Account::uuid, '2026-10-01'::date + n % 25, n::text, '1', '1', repeat('x', 500), 'USD', '{}', false, now() FROM generate_series(1, @Rows) n
            """, new { Account = account, Rows });
        using var http = new HttpClient { BaseAddress = service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Service.Token("viewer"));
        http.DefaultRequestHeaders.Accept.Add(new("text/csv"));

        using var answer = await http.GetAsync($"/meta/insights?social_account_id={account}", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.That(await reader.ReadLineAsync(), Does.StartWith("date,social_account_id"));
        Assert.That(await ReadingNowAsync(service), Is.EqualTo(1), "the reader waits for its client");

        var lines = 0;
        while (await reader.ReadLineAsync() is not null) lines++;
        Assert.That(lines, Is.EqualTo(Rows));
        await service.Database.DataSource.DoAsync("DELETE FROM meta_ad_insights WHERE social_account_id = @Account::uuid", new { Account = account });
    }

    private static async Task<long> ReadingNowAsync(Service service)
    {
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND backend_type = 'client backend' AND query LIKE '%meta_ad_insights%' AND pid <> pg_backend_pid()
            """);
    }
}
