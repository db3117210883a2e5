using MetaAdsJobs.StubGraph.Rules;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>The names in a fields parameter. What stands in braces selects inside an object and is given whole here.</summary>
internal static class FieldSelection
{
    public static IReadOnlyList<string> Parse(string? fields)
    {
        if (fields is null)
            return [];

        var names = new List<string>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= fields.Length; i++)
        {
            var c = i < fields.Length ? fields[i] : ',';
            depth += c is '{' or '(' ? 1 : c is '}' or ')' ? -1 : 0;
            if (c == ',' && (depth <= 0 || i == fields.Length))
            {
                names.Add(Head(fields[start..i]));
                start = i + 1;
            }
        }

        return [.. names.Where(name => name.Length > 0).Distinct()];
    }

    public static StubRefusal? Refuse(StubKind kind, IReadOnlyList<string> names) =>
        names.FirstOrDefault(name => !LegalNames.CanRead(kind, name)) is { } unknown ? Unknown(unknown, kind.NodeType) : null;

    public static StubRefusal Unknown(string name, string nodeType) =>
        new(100, $"(#100) Tried accessing nonexisting field ({name}) on node type ({nodeType})");

    private static string Head(string part) => part.Trim().Split('{', '(', '.')[0];
}
