using System.Globalization;
using System.Text.RegularExpressions;
using MetaAdsJobs.Console.Forms;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.New.Trees;

/// <summary>An ad set in the form, or an ad of one: what it says of its own.</summary>
public sealed class NewNode
{
    /// <summary>By their JSON paths below the node.</summary>
    public Dictionary<string, StringValues> Fields { get; init; } = [];
    public List<NewNode> Ads { get; init; } = [];

    /// <summary>To be edited; else it is a line, and its fields are hidden.</summary>
    public bool IsOpen { get; set; }

    public string? this[string name] => Fields.TryGetValue(name, out var values) ? values[0] : null;

    public NewNode Copy() => new() { Fields = new(Fields), Ads = [.. Ads.Select(ad => ad.Copy())] };
}

/// <summary>A node's place in the form, by its JSON path.</summary>
/// <param name="Set">Of an ad its ad set.</param>
public sealed record NewPlace(string Path, string Number, NewNode Node, NewNode? Set);

/// <summary>
/// The ad sets and ads in a form; none where it is for one ad. A field is named by the JSON path of what it fills, so that other names follow where
/// something is put in or taken out. A field with the path of a node itself tells that the node is there, and whether it is open.
/// </summary>
public sealed partial class NewTree
{
    public const int MostAdSets = 20;
    public const int MostAds = 50;
    private const string Open = "open";
    private const string Closed = "closed";

    // Each offers all clips to choose from.
    private const int MostOpen = 20;

    public List<NewNode> Sets { get; init; } = [];

    /// <summary>From the top down.</summary>
    public IEnumerable<NewPlace> Places => Sets.Index().SelectMany(set => AdsOf(set.Index).Prepend(PlaceOf(set.Index)));

    public NewPlace PlaceOf(int set) => new($"ad_sets[{set}]", $"{set + 1}", Sets[set], null);

    public IEnumerable<NewPlace> AdsOf(int set) => Sets[set].Ads.Select((ad, index) => new NewPlace($"ad_sets[{set}].ads[{index}]", $"{set + 1}.{index + 1}", ad, Sets[set]));

    public static string StateOf(NewNode node) => node.IsOpen ? Open : Closed;

    public static NewTree Of(FormValues values)
    {
        var nodes = new SortedDictionary<(int Set, int Ad), NewNode>();
        foreach (var (name, value) in values.Fields)
        {
            if (Name().Match(name) is not { Success: true } place) continue;
            var at = (Set: int.Parse(place.Groups["set"].ValueSpan, CultureInfo.InvariantCulture), Ad: place.Groups["ad"] is { Success: true } ad ? int.Parse(ad.ValueSpan, CultureInfo.InvariantCulture) : -1);
            if (at.Set >= MostAdSets || at.Ad >= MostAds) continue;
            if (!nodes.TryGetValue(at, out var node)) nodes[at] = node = new();
            if (place.Groups["field"].Value is not { Length: > 0 } field) node.IsOpen = value == Open;
            else if (value.Any(one => !string.IsNullOrWhiteSpace(one))) node.Fields[field] = value;
        }

        // Each ad set stands before its ads.
        var sets = new List<NewNode>();
        foreach (var (at, node) in nodes)
            if (at.Ad < 0) sets.Add(node);
            else if (nodes.TryGetValue((at.Set, -1), out var set)) set.Ads.Add(node);
        return new() { Sets = sets };
    }

    /// <summary>The form with this tree in it.</summary>
    public FormValues In(FormValues values)
    {
        var all = values.Fields.Where(field => !Name().IsMatch(field.Key)).ToDictionary();
        foreach (var place in Places)
        {
            all[place.Path] = StateOf(place.Node);
            foreach (var (name, value) in place.Node.Fields) all[$"{place.Path}.{name}"] = value;
        }

        return FormValues.Of(all);
    }

    /// <summary>What a button does. At a place that is not there, or where there is no more room, nothing.</summary>
    /// <param name="path">Of which ad set or ad; empty for the form as a whole.</param>
    /// <returns>The path of the place to go on at.</returns>
    public string? Do(string order, string path)
    {
        if (Sets.Count == 0 && order is "add_set" or "add_ad")
        {
            // What was one ad is the first of several.
            Sets.Add(NewSet());
            path = PlaceOf(0).Path;
        }

        var goOn = order == "add_set" ? Put(Sets, Sets.Count, MostAdSets, NewSet()) : DoAt(order, path);
        return Places.FirstOrDefault(place => place.Node == goOn)?.Path;
    }

    /// <summary>What is wrong is to be seen at its field, as far as there is room.</summary>
    /// <returns>Where something is wrong.</returns>
    public IReadOnlyList<NewPlace> OpenWrong(FormValues values)
    {
        var paths = values.ErrorsBeside().Select(error => PathIn(error.Path)).ToHashSet();
        List<NewPlace> wrong = [.. Places.Where(place => paths.Contains(place.Path))];
        OpenAll([.. wrong.Take(MostOpen).Select(place => place.Node)]);
        return wrong;
    }

    /// <summary>The path of the node in which something stands; null of what stands in none.</summary>
    public static string? PathIn(string path) => Name().Match(path) is { Success: true } place ? place.Groups["path"].Value : null;

    private static NewNode NewSet() => new() { Ads = { new() } };

    private NewNode? DoAt(string order, string path)
    {
        if (Places.FirstOrDefault(place => place.Path == path) is not { } at) return null;
        var (list, most) = at.Set is null ? (Sets, MostAdSets) : (at.Set.Ads, MostAds);
        var index = list.IndexOf(at.Node);
        switch (order)
        {
            case "add_ad" when at.Set is null:
                return Put(at.Node.Ads, at.Node.Ads.Count, MostAds, new());
            case "copy":
                return Put(list, index + 1, most, at.Node.Copy());
            case "remove" when at.Set is null || list.Count > 1:
                list.RemoveAt(index);
                return list.ElementAtOrDefault(Math.Min(index, list.Count - 1));
            case "open":
                return Opened(at.Node);
            case "close":
                at.Node.IsOpen = false;
                return at.Node;
            default:
                return at.Node;
        }
    }

    private NewNode? Put(List<NewNode> list, int index, int most, NewNode node)
    {
        if (list.Count >= most) return null;
        list.Insert(index, node);
        return Opened(node);
    }

    private NewNode Opened(NewNode node)
    {
        OpenAll([node]);
        return node;
    }

    // For which others are closed when there is no room.
    private void OpenAll(IReadOnlyCollection<NewNode> nodes)
    {
        foreach (var node in nodes) node.IsOpen = true;
        var others = Places.Select(place => place.Node).Where(node => node.IsOpen && !nodes.Contains(node)).ToList();
        foreach (var other in others.Take(others.Count + nodes.Count - MostOpen)) other.IsOpen = false;
    }

    [GeneratedRegex(@"^(?<path>ad_sets\[(?<set>[0-9]{1,2})\](?:\.ads\[(?<ad>[0-9]{1,2})\])?)(?:\.(?<field>.+))?$", RegexOptions.Singleline)]
    private static partial Regex Name();
}
