using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Events.Texts;

/// <summary>What an event says to people: a sentence or two, and of an alert who it is about and from when the numbers are: a moment, since nobody knows when it is read.</summary>
/// <param name="escape">What a name must not do where it is read.</param>
/// <param name="bold">How a name stands out there.</param>
/// <param name="mark">What stands before the first line, by how it ended.</param>
/// <param name="most">Characters.</param>
internal sealed class EventText(Func<string, string> escape, Func<string, string> bold, Func<string, string> mark, int most)
{
    private const int LongestValue = 300;
    private const int MostErrors = 3;

    // Of more, names alone are told: all of them.
    private const int MostDetailed = 100;

    /// <param name="publicUrl">Where the console is reached; null: links are left out.</param>
    public string Of(string type, JsonElement data, string? publicUrl)
    {
        var (what, end) = type.Split('.') is [var first, var second] ? (first, second) : (type, "");
        if (what == "alert") return OfAlert(end, data, publicUrl);
        var lines = new List<string>
        {
            what switch
            {
                "orchestration" => $"{mark(end)}{(Flag(data, "validate_only") ? "Check of" : "Campaign")} {bold(Text(data, "campaign_name") ?? "")}: {end}",
                "edit" => $"{mark(end)}{Text(data, "kind")} of {Text(data, "level")} {Text(data, "meta_id")} ({bold(Text(data, "campaign_name") ?? "")}): {end}",
                "sync" => $"{mark(end)}Numbers of {Text(data, "since")} to {Text(data, "until")}: {end}",
                _ when type == EventTypes.SwitchedOff => $"{mark("failed")}A webhook was switched off ({Text(data, "url")}): {Text(data, "reason")}",
                // Whatever a later part tells brings its own sentence.
                _ => $"{Text(data, "text") ?? type}",
            },
        };
        if (Text(data, "error") is { } error) lines.Add(error);
        if (data.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            lines.AddRange(errors.EnumerateArray().Take(MostErrors).Select(one => $"• {Cut(one.ToString())}"));
        if (what is "orchestration" or "edit" or "sync") lines.Add($"Account {Text(data, "social_account_id")} · {Text(data, "request_id") ?? Text(data, "sync_id")}");
        return string.Join('\n', lines);
    }

    private string OfAlert(string end, JsonElement data, string? publicUrl)
    {
        var isOver = end == "resolved";
        var where = Text(data, "account") is { } account ? $", {account}" : "";
        var severity = Text(data, "severity");
        var head = isOver ? $"{mark("resolved")}Resolved: {bold(Text(data, "rule") ?? "")}{where}: {Text(data, "resolved_why")}"
            : $"{mark(severity ?? "")}{severity}: {bold(Text(data, "rule") ?? "")}{where}: {Text(data, "firing")} firing{(Number(data, "new") is { } fresh && fresh != Number(data, "firing") ? $", {fresh} of them new" : "")}";
        var foot = new List<string>();
        if (Number(data, "not_listed") is > 0 and var more) foot.Add($"… and {more} more");
        if (publicUrl is not null && Text(data, "url") is { } path) foot.Add(publicUrl.TrimEnd('/') + path);
        var lines = new List<string> { head, Text(data, "condition") ?? "" };
        if (Moment(data, "data_at") is { } at) lines.Add($"What it is judged by is of {at}{(Number(data, "no_data") is > 0 and var unknown ? $"; of {unknown} nothing is known now" : "")}.");
        var members = data.TryGetProperty("members", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToList() : [];
        if (members.Count <= MostDetailed) lines.AddRange(members.Select(OfMember));
        else lines.Add(string.Join(", ", members.Select(NameOf)));
        var text = string.Join('\n', lines);
        if (text.Length > most) text = $"{text.Cut(most)}…";
        return string.Join('\n', [text, .. foot]);
    }

    private string OfMember(JsonElement member)
    {
        var account = Text(member, "account");
        var words = new List<string> { NameOf(member) + (account is null || account == Text(member, "name") ? "" : $" ({account})") };
        if (Text(member, "value") is { } value) words.Add(Text(member, "median") is { } median ? $"{value}, median {median}" : value);
        if (Text(member, "state") is "recovered") words.Add("recovered");
        if (Text(member, "state") is "no_data") words.Add("no data now");
        if (Number(member, "times") is > 1 and var times) words.Add($"{times} times");
        return $"• {words[0]}{(words.Count > 1 ? $": {string.Join(", ", words.Skip(1))}" : "")}";
    }

    private string NameOf(JsonElement member) => Text(member, "name") ?? Text(member, "id") ?? "";

    private static string? Moment(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var at) ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : null;

    private static long? Number(JsonElement data, string name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static bool Flag(JsonElement data, string name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? Cut(value.ToString()) : null;

    private string Cut(string text) => escape(text.Length <= LongestValue ? text : $"{text.Cut(LongestValue)}…");
}
