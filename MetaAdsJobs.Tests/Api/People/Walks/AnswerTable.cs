using System.Text.RegularExpressions;
using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Who is answered what, as docs/answers.md keeps it: an address that answers somebody else, or otherwise, is seen in that file's diff.</summary>
internal sealed partial class AnswerTable
{
    private const string Write = "WRITE_ANSWERS";

    private const string Head = """
        # Who is answered what

        Every address with a role, asked by five: nobody; a viewer of the account whose thing it is; a manager of another account; an admin's key that was revoked; an admin's session that was ended at another browser. Bodies and forms are empty: what reaches them is
        422, or 302 for a form that had expired. `ScopeWalkTests` walks them, and writes this with `WRITE_ANSWERS=1`.

        | Address | nobody | its viewer | another's manager | revoked key | ended session |
        | --- | --- | --- | --- | --- | --- |
        """;

    private readonly SortedDictionary<(string Path, string Method), string> _lines = [];

    private static string File => Path.Combine(ProjectFolder.Path, "docs", "answers.md");

    public void Add(Route route, IEnumerable<int> codes)
    {
        var (method, path) = (route.Method, Constraint().Replace("/" + route.Endpoint.RoutePattern.RawText!.Trim('/'), match => $"{{{match.Groups[1].Value.ToLowerInvariant()}}}"));
        _lines[(path, method)] = $"| `{method} {path}` | {string.Join(" | ", codes)} |";
    }

    public void AssertKept()
    {
        string[] now = [.. Head.ReplaceLineEndings("\n").Split('\n'), .. _lines.Values];
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 }) System.IO.File.WriteAllText(File, string.Join('\n', now) + "\n");
        var kept = System.IO.File.Exists(File) ? System.IO.File.ReadAllLines(File) : [];
        Assert.That(now.Except(kept).Concat(kept.Except(now).Select(line => $"no longer: {line}")), Is.Empty, $"docs/answers.md says otherwise; if it is meant to be so, write it anew with {Write}=1 and look at its diff");
    }

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Constraint();
}
