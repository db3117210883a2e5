using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>An object inside another's answer, with the fields of it that were asked for.</summary>
internal sealed record StubPart(StubObject Object, IReadOnlyList<string> Names);

/// <summary>What shown ads or ad sets belong to, of which fields were asked for in braces: one read of them all.</summary>
internal sealed class StubParts
{
    private const string FindAllSql = $"SELECT {StubObject.Columns} FROM stub_graph.seen WHERE id = ANY($1)";
    private static readonly Dictionary<string, StubPart> None = [];
    private readonly Dictionary<string, StubObject> _objects = [];
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _inside;

    private StubParts(IReadOnlyDictionary<string, IReadOnlyList<string>> inside) => _inside = inside;

    /// <summary>Why Meta would not tell what was asked for; null when it would.</summary>
    public StubRefusal? Refusal { get; private set; }

    public static async Task<StubParts> FindAsync(NpgsqlDataSource dataSource, IReadOnlyList<StubObject> shown, StubCall call, CancellationToken ct)
    {
        var parts = new StubParts(FieldSelection.Inside(call.Text("fields")));
        var ids = shown.SelectMany(one => parts._inside.Keys.Select(name => IdOf(one, name))).OfType<string>().Distinct().ToArray();
        if (ids.Length == 0) return parts;
        await using var command = dataSource.With(FindAllSql, (object)ids);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var part = StubObject.Read(rows);
            parts._objects[part.Id] = part;
        }

        parts.Refusal = shown.SelectMany(one => parts.Of(one).Values).Select(part => FieldSelection.Refuse(part.Object.Kind, part.Names)).FirstOrDefault(refused => refused is not null);
        return parts;
    }

    public IReadOnlyDictionary<string, StubPart> Of(StubObject shown)
    {
        if (_objects.Count == 0) return None;
        var parts = new Dictionary<string, StubPart>();
        foreach (var (name, names) in _inside)
            if (IdOf(shown, name) is { } id && _objects.TryGetValue(id, out var part)) parts[name] = new(part, names);
        return parts;
    }

    private static string? IdOf(StubObject shown, string name) => name switch { "campaign" => shown.CampaignId, "adset" => shown.ParentId, "creative" => shown.CreativeId, _ => null };
}
