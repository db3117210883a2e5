using Npgsql;

namespace MetaAdsJobs.Tests.Support;

[TestFixture]
public sealed class TestDatabaseTests
{
    [Test]
    public async Task A_test_database_is_migrated_and_its_own()
    {
        await using var one = await TestDatabase.CreateAsync();
        await using var other = await TestDatabase.CreateAsync();

        await using (var create = one.DataSource.CreateCommand("CREATE TABLE only_here (id int)"))
            await create.ExecuteNonQueryAsync();

        Assert.Multiple(() =>
        {
            Assert.That(TablesIn(one), Does.Contain("only_here").And.Contain("schema_migrations"));
            Assert.That(TablesIn(other), Does.Not.Contain("only_here"));
        });
    }

    private static List<string> TablesIn(TestDatabase database)
    {
        using var connection = database.DataSource.OpenConnection();
        using var command = new NpgsqlCommand("SELECT tablename FROM pg_tables", connection);
        using var reader = command.ExecuteReader();
        var tables = new List<string>();
        while (reader.Read())
            tables.Add(reader.GetString(0));
        return tables;
    }
}
