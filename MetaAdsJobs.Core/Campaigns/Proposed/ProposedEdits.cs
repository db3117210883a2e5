using System.Text.Json;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Proposed;

/// <summary>Whose table holds what was proposed. Of each row one thing is noted, once: its edit, or why there is none. Both statements take @ProposalId and @MetaId.</summary>
/// <param name="AskedSql">Notes @EditId as long as nothing is noted, and gives back a row if it did.</param>
/// <param name="RefusedSql">Notes @Why as long as nothing is noted.</param>
internal sealed record ProposedTable(string AskedSql, string RefusedSql);

/// <summary>An edit that follows from something that was proposed and accepted.</summary>
/// <param name="Body">Of an update only.</param>
/// <param name="By">Who accepted it.</param>
/// <param name="ByKey">The name of the key by which; null: by none.</param>
internal sealed record ProposedEdit(ProposedTable Of, Guid ProposalId, EditLevel Level, string MetaId, EditKind Kind, JsonElement? Body, string By, string? ByKey)
{
    /// <summary>Less or more for a day; not if somebody has changed it since that was decided.</summary>
    public static JsonElement Budget(long cents, long? ifItIs) => JsonSerializer.SerializeToElement(new { daily_budget_cents = cents, if_budget_is = ifItIs });
}

/// <summary>
/// Carries out what was proposed and accepted, by edits like anybody's: the edit, its job and the note of it in the proposal's row are one commit. Whoever dies leaves all of it or nothing, and of those that come at once one is
/// first: the others find it noted, and write nothing.
/// </summary>
internal sealed class ProposedEdits(NpgsqlDataSource dataSource, RequestEdit edits)
{
    /// <summary>Nothing more becomes of an edit in this state.</summary>
    public static bool IsOver(string? editState) => editState is "succeeded" or "failed" or "cancelled" or "missed" or "expired";

    public static bool IsDone(string? editState) => editState == "succeeded";

    public async Task AskAsync(ProposedEdit edit, CancellationToken ct)
    {
        var why = await edits.ExecuteAsync(edit, ct) switch
        {
            null or EditRequested.Queued => null,
            EditRequested.Invalid invalid => string.Join("; ", invalid.Errors.ToDictionary().Select(field => $"{field.Key} {string.Join(", ", field.Value)}")),
            EditRequested.Refused refused => refused.Reason,
            _ => "it is not there any more",
        };
        if (why is not null) await RefuseAsync(edit.Of, edit.ProposalId, edit.MetaId, why, ct);
    }

    public async Task RefuseAsync(ProposedTable of, Guid proposalId, string metaId, string why, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(of.RefusedSql, new { ProposalId = proposalId, MetaId = metaId, Why = why }, cancellationToken: ct));
    }
}
