using CsCheck;
using Dapper;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

[TestFixture]
public sealed class CopyRowsTests
{
    private static readonly Gen<decimal> Numbers = Gen.Select(Gen.OneOf(Gen.Long[-20_000, 20_000], Gen.Long), Gen.Int[0, 12])
        .Select((whole, scale) => new decimal((int)whole, (int)(whole >> 32) & int.MaxValue, 0, whole < 0, (byte)scale));

    [Test]
    public async Task Every_value_arrives_in_PostgreSQL_as_it_was()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("CREATE TEMP TABLE arrived (id int, number numeric, whole bigint, text text, day date, uuid uuid, flag boolean, raw jsonb)");
        var sent = Enumerable.Range(0, 3000).Select(id => new Row(id, Numbers.Single(), Gen.Long.Single(), Gen.String[Gen.Char.AlphaNumeric, 0, 40].Single() + "ä€😀",
            DateOnly.FromDayNumber(Gen.Int[700_000, 760_000].Single()), Guid.NewGuid(), id % 2 == 0)).ToList();
        sent.AddRange(new decimal[] { 0, 0.00m, 1, -1, 0.0001m, 10_000, 9_999.9999m, 99_999_999_999.9999m, decimal.MaxValue, decimal.MinValue, 1.0000000000000000000000000001m }
            .Select((number, no) => new Row(sent.Count + no, number, null, null, new(1999, 12, 31), Guid.Empty, false)));

        var rows = new CopyRows();
        await using (var copy = await connection.BeginRawBinaryCopyAsync("COPY arrived FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var row in sent)
            {
                rows.Begin(columns: 8);
                rows.Integer(row.Id);
                rows.Number(row.Number);
                rows.Whole(row.Whole);
                rows.Text(row.Text);
                rows.Day(row.Day);
                rows.Uuid(row.Uuid);
                rows.Flag(row.Flag);
                rows.Json("""{"a": "ä"}"""u8);
                await rows.FlushAsync(copy, CancellationToken.None);
            }

            await rows.EndAsync(copy, CancellationToken.None);
        }

        Assert.That(await connection.QueryAsync<Row>("SELECT id, number, whole, text, day, uuid, flag FROM arrived ORDER BY id"), Is.EqualTo(sent));
        Assert.That(await connection.QueryAsync<string>("SELECT DISTINCT raw::text FROM arrived"), Is.EqualTo(["""{"a": "ä"}"""]));
    }

    private sealed record Row(int Id, decimal Number, long? Whole, string? Text, DateOnly Day, Guid Uuid, bool Flag);
}
