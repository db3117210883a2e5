using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Audit;

/// <summary>Something that somebody changed here. Secrets are no part of its fields.</summary>
internal sealed record Act(string Kind, string Object, string? ObjectName, string Action, Guid? AccountId, JsonObject Fields)
{
    /// <summary>Whoever is served at the moment; null: the service itself.</summary>
    public Caller? By { get; init; } = AccountScope.Caller;
}

/// <summary>Writes what people change here, in the transaction that changes it: there is neither without the other.</summary>
internal static class ActLog
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>In a statement's own words; takes the parameters of <see cref="Parameters"/>.</summary>
    public const string InsertSql = """
        INSERT INTO recorded_acts (at, person, key_name, social_account_id, kind, object, object_name, action, fields)
        VALUES (@ActAt, @ActPerson, @ActKey, @ActAccount, @ActKind, @ActObject, @ActObjectName, @ActAction, @ActFields::jsonb)
        """;

    /// <summary>As a part of a statement: a row for each of those rows.</summary>
    /// <param name="account">Which column of them tells the account; else the act does.</param>
    /// <param name="name">The same of its name.</param>
    /// <param name="id">And of itself.</param>
    public static string InsertFrom(string rows, string account = "@ActAccount", string name = "@ActObjectName", string id = "@ActObject") => $"""
        INSERT INTO recorded_acts (at, person, key_name, social_account_id, kind, object, object_name, action, fields)
        SELECT @ActAt, @ActPerson, @ActKey, {account}, @ActKind, {id}, {name}, @ActAction, @ActFields::jsonb FROM {rows}
        """;

    /// <summary>Those of a statement, and of its act.</summary>
    public static DynamicParameters With(object parameters, Act act, DateTimeOffset at)
    {
        var both = new DynamicParameters(parameters);
        both.AddDynamicParams(Parameters(act, at));
        return both;
    }

    public static object Parameters(Act act, DateTimeOffset at) => new
    {
        ActAt = at, ActPerson = act.By?.Name ?? "service", ActKey = act.By?.KeyName, ActAccount = act.AccountId, ActKind = act.Kind, ActObject = act.Object, ActObjectName = act.ObjectName, ActAction = act.Action,
        ActFields = act.Fields.ToJsonString(),
    };

    public static Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Act act, DateTimeOffset at, CancellationToken ct) =>
        connection.ExecuteAsync(new(InsertSql, Parameters(act, at), transaction, cancellationToken: ct));

    /// <summary>Field by field what was and what is, in the API's words.</summary>
    /// <param name="before">Null: it is new.</param>
    public static JsonObject Differences(object? before, object? after)
    {
        var (was, now) = (Fields(before), Fields(after));
        var changes = new JsonObject();
        foreach (var name in was.Concat(now).Select(field => field.Key).Distinct())
        {
            var (old, present) = (was[name], now[name]);
            if (!JsonNode.DeepEquals(old, present)) changes[name] = new JsonObject { ["old"] = old?.DeepClone(), ["new"] = present?.DeepClone() };
        }

        return changes;
    }

    /// <summary>By which account a line is of something that may be of several: its only one, before as after, since the line tells both; null: it is told to who sees all.</summary>
    /// <param name="before">As after where there was nothing before.</param>
    public static Guid? AccountOf(Guid[]? before, Guid[]? after) => before is [var was] && after is [var only] && was == only ? only : null;

    /// <summary>Of a secret it is told that it was given, and nothing of it.</summary>
    public static JsonObject Given(this JsonObject changes, string secret)
    {
        changes[secret] = new JsonObject { ["old"] = null, ["new"] = "given" };
        return changes;
    }

    private static JsonObject Fields(object? told) => told is null ? [] : JsonSerializer.SerializeToNode(told, told.GetType(), Json)!.AsObject();
}
