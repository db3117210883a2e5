using Dapper;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>What exists at Meta after everything has ended, judged from Meta's side alone.</summary>
public sealed record CrashVerdict(int Cases, int Built, int Undone, int Duplicates, int Orphans, int EarlyActive)
{
    public static string Header => "| what | cases | built | undone | duplicates | orphans | early-active |\n| --- | --- | --- | --- | --- | --- | --- |";

    public string Row(string what) => $"| {what} | {Cases} | {Built} | {Undone} | {Duplicates} | {Orphans} | {EarlyActive} |";

    /// <param name="names">Campaign names, each of one request, and whether it ended built.</param>
    public static async Task<CrashVerdict> JudgeAsync(NpgsqlDataSource graph, IReadOnlyList<RecordedCall> calls, IReadOnlyDictionary<string, bool> names)
    {
        await using var connection = await graph.OpenConnectionAsync();
        var objects = (await connection.QueryAsync<GraphObject>("SELECT id, kind, name, status, deleted_at IS NULL AS lives FROM stub_graph.objects WHERE kind <> 'image'")).AsList();
        var byName = objects.Where(one => one.Name.Contains(';', StringComparison.Ordinal)).ToLookup(one => one.Name[..(one.Name.IndexOf(';', StringComparison.Ordinal) + 1)]);
        var activations = calls.Where(call => call.Method == "POST" && call["status"] == "ACTIVE" && !call.IsCreate).ToLookup(call => call.Path);
        var (duplicates, orphans, early) = (0, 0, 0);
        foreach (var (name, built) in names)
        {
            var alive = byName[name].Where(one => one.Lives).ToList();
            duplicates += alive.GroupBy(one => one.Kind).Sum(kind => kind.Count() - 1);
            var tree = alive.Where(one => GraphWorld.Kinds.Contains(one.Kind)).ToList();
            // A video belongs to the clip, and stays for the next campaign.
            orphans += built ? 4 - tree.Select(one => one.Kind).Distinct().Count() : tree.Count;
            early += EarlyIn(name, byName[name].ToList(), built);
        }

        return new(names.Count, names.Count(name => name.Value), names.Count(name => !name.Value), duplicates, orphans, early);

        // A create that is not paused, anything active of a request that was undone, and any activation before the last object's create.
        int EarlyIn(string name, List<GraphObject> all, bool built)
        {
            var creates = calls.Where(call => call.IsCreate && call["name"]?.StartsWith(name, StringComparison.Ordinal) == true).ToList();
            var unpaused = creates.Count(call => call.Edge is "campaigns" or "adsets" or "ads" && call["status"] != "PAUSED");
            var whole = creates.Where(call => call.Edge == "ads").Select(call => call.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
            var tooEarly = all.SelectMany(one => activations[one.Id]).Count(call => call.At < whole);
            return unpaused + tooEarly + (built ? 0 : all.Count(one => one.Lives && one.Status == "ACTIVE" && one.Kind is "campaign" or "adset" or "ad"));
        }
    }

    private sealed record GraphObject(string Id, string Kind, string Name, string Status, bool Lives);
}
