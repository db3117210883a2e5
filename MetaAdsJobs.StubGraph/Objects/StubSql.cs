using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>Positional parameters in one line, so that the SQL stays the largest thing in a method.</summary>
internal static class StubSql
{
    public static NpgsqlCommand With(this NpgsqlDataSource dataSource, string sql, params ReadOnlySpan<object?> values)
    {
        var command = dataSource.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }
}
