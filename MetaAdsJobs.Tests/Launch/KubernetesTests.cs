using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Launch;
using YamlDotNet.Serialization;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>The manifests of docs/containers.md, which no cluster has seen: what pods must have, and that what names something else names something there.</summary>
[TestFixture]
public sealed partial class KubernetesTests
{
    // As long as the API lets open calls take, and a little.
    private const int ApiStopSeconds = 32;
    private static readonly IReadOnlyList<JsonNode> Documents = [.. Read()];

    private static IEnumerable<TestCaseData> Pods => Documents.Where(document => document["spec"]?["template"] is not null).Select(document => new TestCaseData(document).SetArgDisplayNames((string)document["metadata"]!["name"]!));

    [Test]
    public void All_that_run_something_are_here() => Assert.That(Documents.Where(document => document["spec"]?["template"] is not null).Select(NameOf), Is.EqualTo(["metaadsjobs-api", "metaadsjobs-worker", "metaadsjobs-migrate"]));

    [TestCaseSource(nameof(Pods))]
    public void A_pod_learns_nothing_of_the_namespace_and_its_containers_may_nothing(JsonNode document)
    {
        var pod = document["spec"]!["template"]!["spec"]!;
        using var all = Assert.EnterMultipleScope();
        Assert.That(((bool?)pod["enableServiceLinks"], (bool?)pod["automountServiceAccountToken"]), Is.EqualTo(((bool?)false, (bool?)false)));
        Assert.That(((bool?)pod["securityContext"]?["runAsNonRoot"], (int?)pod["securityContext"]?["runAsUser"]), Is.EqualTo(((bool?)true, (int?)1654)));
        foreach (var container in pod["containers"]!.AsArray())
        {
            var rights = container!["securityContext"]!;
            Assert.That(((bool?)rights["readOnlyRootFilesystem"], (bool?)rights["allowPrivilegeEscalation"], (string?)rights["capabilities"]?["drop"]?[0]), Is.EqualTo(((bool?)true, (bool?)false, "ALL")));
            // Kubernetes refuses what is no text there.
            foreach (var variable in container["env"]!.AsArray()) Assert.That(variable!["value"]!.GetValueKind(), Is.EqualTo(System.Text.Json.JsonValueKind.String), $"{variable["name"]}");
            var mounted = (container["volumeMounts"]?.AsArray() ?? []).Select(mount => (string)mount!["name"]!);
            Assert.That(mounted, Is.EquivalentTo((pod["volumes"]?.AsArray() ?? []).Select(volume => (string)volume!["name"]!)));
        }
    }

    [Test]
    public void The_API_believes_its_ingress_and_the_worker_has_nobody_to_believe()
    {
        const string Believes = "ASPNETCORE_FORWARDEDHEADERS_ENABLED";
        Assert.That((Environment("metaadsjobs-api").GetValueOrDefault(Believes), Environment("metaadsjobs-worker").ContainsKey(Believes)), Is.EqualTo(("true", false)));
        Assert.That((Environment("metaadsjobs-api")["META_ADS_MODE"], Environment("metaadsjobs-worker")["META_ADS_MODE"], Environment("metaadsjobs-migrate")["META_ADS_MODE"]), Is.EqualTo(("live", "live", "live")));
    }

    [Test]
    public void Both_programs_are_given_longer_to_stop_than_they_take()
    {
        var (api, worker) = (PodOf("metaadsjobs-api"), PodOf("metaadsjobs-worker"));
        var before = int.Parse((string)api["containers"]![0]!["lifecycle"]!["preStop"]!["exec"]!["command"]![1]!, null);
        Assert.That((int)api["terminationGracePeriodSeconds"]!, Is.GreaterThan(before + ApiStopSeconds));
        Assert.That((int)worker["terminationGracePeriodSeconds"]!, Is.GreaterThan(new JobOptions().StopTimeoutSeconds + 5));
    }

    [Test]
    public void What_selects_pods_selects_some_and_ports_and_claims_are_there()
    {
        var deployments = Documents.Where(document => (string)document["kind"]! == "Deployment").ToList();
        using var all = Assert.EnterMultipleScope();
        foreach (var document in Documents.Where(document => document["spec"]?["selector"] is not null))
        {
            var wanted = (document["spec"]!["selector"]!["matchLabels"] ?? document["spec"]!["selector"])!.AsObject();
            var of = deployments.Single(deployment => wanted.All(label => (string?)deployment["spec"]!["template"]!["metadata"]!["labels"]![label.Key] == (string?)label.Value));
            Assert.That(NameOf(of), Is.EqualTo(NameOf(document)), $"{document["kind"]}");
            foreach (var port in document["spec"]!["ports"]?.AsArray() ?? []) Assert.That(of["spec"]!["template"]!["spec"]!["containers"]![0]!["ports"]!.AsArray().Select(one => (string)one!["name"]!), Does.Contain((string)port!["targetPort"]!));
        }

        var claims = deployments.SelectMany(deployment => deployment["spec"]!["template"]!["spec"]!["volumes"]!.AsArray()).Select(volume => (string?)volume!["persistentVolumeClaim"]?["claimName"]).OfType<string>().Distinct();
        Assert.That(claims, Is.EqualTo(Documents.Where(document => (string)document["kind"]! == "PersistentVolumeClaim").Select(NameOf)));
    }

    private static string NameOf(JsonNode document) => (string)document["metadata"]!["name"]!;

    private static JsonNode PodOf(string name) => Documents.Single(document => NameOf(document) == name && document["spec"]?["template"] is not null)["spec"]!["template"]!["spec"]!;

    private static Dictionary<string, string> Environment(string name) => PodOf(name)["containers"]![0]!["env"]!.AsArray().ToDictionary(one => (string)one!["name"]!, one => (string)one!["value"]!);

    private static IEnumerable<JsonNode> Read()
    {
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        foreach (Match block in Block().Matches(File.ReadAllText(Path.Combine(ProjectFolder.Path, "docs/containers.md"))))
        {
            var text = string.Join('\n', block.Groups[2].Value.Split('\n').Select(line => line.Length == 0 ? line : line[block.Groups[1].Length..]));
            foreach (var document in text.Split("\n---\n")) yield return JsonNode.Parse(writer.Serialize(reader.Deserialize(document)!))!;
        }
    }

    [GeneratedRegex(@"^( *)```yaml\n(.*?)^\1```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
