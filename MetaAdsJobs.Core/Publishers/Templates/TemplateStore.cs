using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Audit;
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

    /// <param name="isSeen">Whether the template, as it is now, is the one that the change was made for; null: there is none.</param>
    internal async Task<TemplateSaved> UpsertAsync(ClipTemplate template, Func<ClipTemplate?, bool> isSeen, CancellationToken ct)
    {
        const string UpsertSql = """
            INSERT INTO clip_templates (publisher_id, social_account_id, request, defaults, approval, daily_cap_cents, changed_by, changed_at)
            SELECT p.id, @SocialAccountId, @Request::json, @Defaults::json, @Approval, @DailyCapCents, @ChangedBy, @ChangedAt FROM publishers p WHERE p.id = @PublisherId
            ON CONFLICT (publisher_id, social_account_id) DO UPDATE SET request = EXCLUDED.request, defaults = EXCLUDED.defaults, approval = EXCLUDED.approval, daily_cap_cents = EXCLUDED.daily_cap_cents,
                changed_by = EXCLUDED.changed_by, changed_at = GREATEST(EXCLUDED.changed_at, clip_templates.changed_at + interval '1 microsecond')
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (publisher, before) = await HoldAsync(connection, transaction, template.PublisherId, template.SocialAccountId, ct);
        if (publisher is null) return new TemplateSaved.UnknownPublisher();
        if (!isSeen(before)) return new TemplateSaved.Outdated();
        await connection.ExecuteAsync(new(UpsertSql, new
        {
            template.PublisherId, template.SocialAccountId, Request = template.Request.ToJsonString(), Defaults = JsonSerializer.Serialize(template.Defaults), template.Approval, template.DailyCapCents,
            template.ChangedBy, template.ChangedAt,
        }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, ActOf(publisher, before, template, before is null ? "made" : "changed"), template.ChangedAt, ct);
        var (_, saved) = await HoldAsync(connection, transaction, template.PublisherId, template.SocialAccountId, ct);
        await transaction.CommitAsync(ct);
        return new TemplateSaved.Done(saved!);
    }

    /// <summary>The publisher makes nothing in that account any more.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> DeleteAsync(Guid publisherId, Guid accountId, DateTimeOffset now, CancellationToken ct)
    {
        const string DeleteSql = "DELETE FROM clip_templates WHERE publisher_id = @PublisherId AND social_account_id = @AccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (publisher, template) = await HoldAsync(connection, transaction, publisherId, accountId, ct);
        if (publisher is null || template is null) return false;
        await connection.ExecuteAsync(new(DeleteSql, new { PublisherId = publisherId, AccountId = accountId }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, ActOf(publisher, template, template, "removed"), now, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Until the transaction's end nobody else changes templates of the publisher: what the audit tells as old is what was there.</summary>
    /// <returns>The publisher's name, and its template if there is one; null when the publisher is gone.</returns>
    private static async Task<(string? Publisher, ClipTemplate? Template)> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid publisherId, Guid accountId, CancellationToken ct)
    {
        const string HoldSql = $"""
            SELECT name FROM publishers WHERE id = @PublisherId FOR NO KEY UPDATE;
            SELECT {Columns} FROM {From} WHERE t.publisher_id = @PublisherId AND t.social_account_id = @AccountId
            """;
        await using var answers = await connection.QueryMultipleAsync(new(HoldSql, new { PublisherId = publisherId, AccountId = accountId }, transaction, cancellationToken: ct));
        return (await answers.ReadSingleOrDefaultAsync<string>(), (await answers.ReadSingleOrDefaultAsync<TemplateRow>())?.ToTemplate());
    }

    private static Act ActOf(string publisher, ClipTemplate? before, ClipTemplate template, string action)
    {
        static object? Told(ClipTemplate? template) => template is null ? null : new { template.Request, template.Defaults, template.Approval, template.DailyCapCents };
        return new("template", $"{template.PublisherId}", publisher, action, template.SocialAccountId, ActLog.Differences(Told(before), action == "removed" ? null : Told(template)));
    }
}
