using System.Text.Json;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>Rows of clip_templates.</summary>
public sealed class TemplateStore(NpgsqlDataSource dataSource)
{
    private const string Columns = "t.publisher_id, t.social_account_id, a.name AS account_name, t.request::text, t.defaults::text, t.approval, t.daily_cap_cents, t.changed_by, t.changed_at";
    private const string From = "clip_templates t JOIN social_accounts a ON a.id = t.social_account_id";

    public Task<IReadOnlyList<ClipTemplate>> ListAsync(Guid publisherId, CancellationToken ct) => ListAsync(publisherId, withRetired: true, ct);

    /// <param name="withRetired">Also those of retired accounts, in which nothing is made any more.</param>
    public async Task<IReadOnlyList<ClipTemplate>> ListAsync(Guid publisherId, bool withRetired, CancellationToken ct)
    {
        const string ListSql = $"SELECT {Columns} FROM {From} WHERE t.publisher_id = @PublisherId AND (@WithRetired OR a.retired_at IS NULL) ORDER BY a.name, a.id";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TemplateRow>(new(ListSql, new { PublisherId = publisherId, WithRetired = withRetired }, cancellationToken: ct))).Select(row => row.ToTemplate()).ToList();
    }

    public async Task<ClipTemplate?> FindAsync(Guid publisherId, Guid accountId, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM {From} WHERE t.publisher_id = @PublisherId AND t.social_account_id = @AccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<TemplateRow>(new(FindSql, new { PublisherId = publisherId, AccountId = accountId }, cancellationToken: ct)))?.ToTemplate();
    }

    /// <returns>False when the publisher is gone.</returns>
    internal async Task<bool> UpsertAsync(ClipTemplate template, CancellationToken ct)
    {
        const string UpsertSql = """
            INSERT INTO clip_templates (publisher_id, social_account_id, request, defaults, approval, daily_cap_cents, changed_by, changed_at)
            SELECT p.id, @SocialAccountId, @Request::json, @Defaults::json, @Approval, @DailyCapCents, @ChangedBy, @ChangedAt FROM publishers p WHERE p.id = @PublisherId
            ON CONFLICT (publisher_id, social_account_id) DO UPDATE SET request = EXCLUDED.request, defaults = EXCLUDED.defaults, approval = EXCLUDED.approval, daily_cap_cents = EXCLUDED.daily_cap_cents,
                changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(UpsertSql, new
        {
            template.PublisherId, template.SocialAccountId, Request = template.Request.ToJsonString(), Defaults = JsonSerializer.Serialize(template.Defaults), template.Approval, template.DailyCapCents,
            template.ChangedBy, template.ChangedAt,
        }, cancellationToken: ct)) == 1;
    }

    /// <summary>The publisher makes nothing in that account any more.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> DeleteAsync(Guid publisherId, Guid accountId, CancellationToken ct)
    {
        const string DeleteSql = "DELETE FROM clip_templates WHERE publisher_id = @PublisherId AND social_account_id = @AccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(DeleteSql, new { PublisherId = publisherId, AccountId = accountId }, cancellationToken: ct)) == 1;
    }
}
