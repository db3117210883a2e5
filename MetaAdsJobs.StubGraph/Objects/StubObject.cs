using System.Text.Json;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>One object as the Graph shows it, its effective status already following from its parents.</summary>
internal sealed record StubObject(
    string Id,
    StubKind Kind,
    string AccountId,
    string? ParentId,
    string? CampaignId,
    string? CreativeId,
    string Name,
    string Status,
    string EffectiveStatus,
    JsonElement Fields,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public const string Columns =
        "id, kind, account_id, parent_id, campaign_id, creative_id, name, status, effective_status, fields, created_at, updated_at";

    public static StubObject Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        StubKind.Named(row.GetString(1)),
        row.GetString(2),
        Nullable(row, 3),
        Nullable(row, 4),
        Nullable(row, 5),
        row.GetString(6),
        row.GetString(7),
        row.GetString(8),
        JsonElement.Parse(row.GetString(9)),
        row.GetFieldValue<DateTimeOffset>(10),
        row.GetFieldValue<DateTimeOffset>(11));

    private static string? Nullable(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
