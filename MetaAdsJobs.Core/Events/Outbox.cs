using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Events;

/// <summary>Something that happened, for whoever listens.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="AccountId">Whose it is; null: nobody's, then only webhooks of all accounts hear it.</param>
/// <param name="Subject">The id of what it happened to.</param>
/// <param name="At">When.</param>
/// <param name="Data">What is told of it: no secrets.</param>
internal sealed record NewEvent(string Type, Guid? AccountId, string Subject, DateTimeOffset At, JsonObject Data);

/// <summary>
/// Tells of something in the transaction in which it happens: both are committed, or neither. The same function is called by statements that write more
/// (<c>SELECT tell_event(…) FROM …</c>), and by the triggers that tell how runs, edits and syncs end (V0045).
/// </summary>
internal static class Outbox
{
    /// <returns>The event's id; null when nobody listens, and nothing was written.</returns>
    public static Task<Guid?> TellAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, NewEvent told, CancellationToken ct)
    {
        const string TellSql = "SELECT tell_event(@Type, @AccountId, @Subject, @At, @Data::jsonb)";
        return connection.ExecuteScalarAsync<Guid?>(new(TellSql, new { told.Type, told.AccountId, told.Subject, told.At, Data = told.Data.ToJsonString() }, transaction, cancellationToken: ct));
    }

    /// <summary>Tells one webhook alone, of what it may hear a part of.</summary>
    /// <param name="accounts">Whose part.</param>
    public static Task TellOneAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid webhookId, Guid[] accounts, NewEvent told, CancellationToken ct)
    {
        const string TellSql = "SELECT tell_webhook(@WebhookId, @Accounts, @Type, @Subject, @At, @Data::jsonb)";
        return connection.ExecuteScalarAsync<Guid?>(new(TellSql, new { WebhookId = webhookId, Accounts = accounts, told.Type, told.Subject, told.At, Data = told.Data.ToJsonString() }, transaction, cancellationToken: ct));
    }
}
