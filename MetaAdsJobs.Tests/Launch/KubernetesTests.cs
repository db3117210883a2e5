using System.Text.Json;
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
    private static readonly string Page = File.ReadAllText(Path.Combine(ProjectFolder.Path, "docs/containers.md"));
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
            foreach (var variable in container["env"]!.AsArray()) Assert.That(variable!["value"]!.GetValueKind(), Is.EqualTo(JsonValueKind.String), $"{variable["name"]}");
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

    /// <summary>Any other name an API server drops with a warning, or refuses; another type it refuses.</summary>
    [Test]
    public void Every_field_is_one_of_Kubernetes_and_of_its_type()
    {
        using var all = Assert.EnterMultipleScope();
        foreach (var document in Documents)
        {
            var kind = (string)document["kind"]!;
            Assert.That((string?)document["apiVersion"], Is.EqualTo(Kinds[kind].ApiVersion), kind);
            var pod = document["spec"]?["template"] is null ? "" : OfPods;
            var known = $"{OfAll} {Kinds[kind].Fields} {pod}".Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            Assert.That(Fields(document, "").Except(known), Is.Empty, $"{kind} {NameOf(document)}");
        }
    }

    /// <summary>Each is found by its kind and name: a second one would take the first one's place.</summary>
    [Test]
    public void Every_thing_has_a_name_of_its_own_that_Kubernetes_takes()
    {
        Assert.That(Documents.Select(document => $"{document["kind"]} {NameOf(document)}"), Is.Unique);
        Assert.That(Documents.Select(NameOf), Has.All.Matches("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"));
    }

    /// <summary>Of a secret that is not there no pod is started.</summary>
    [TestCaseSource(nameof(Pods))]
    public void Every_secret_is_one_that_the_page_has_made(JsonNode document)
    {
        var secrets = document["spec"]!["template"]!["spec"]!["containers"]!.AsArray().SelectMany(container => container!["envFrom"]!.AsArray()).Select(from => (string)from!["secretRef"]!["name"]!).ToList();
        Assert.That(secrets, Is.Not.Empty);
        foreach (var secret in secrets) Assert.That(Page, Does.Contain($"kubectl create secret generic {secret} --from-env-file="));
    }

    [Test]
    public void Probes_ask_for_what_the_API_answers_where_it_listens()
    {
        var container = PodOf("metaadsjobs-api")["containers"]![0]!;
        var ports = container["ports"]!.AsArray().ToDictionary(port => (string)port!["name"]!, port => (int)port!["containerPort"]!);
        var answered = JsonNode.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Path, "docs/openapi.json")))!["paths"]!;
        using var all = Assert.EnterMultipleScope();
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
        {
            var asked = container[probe]!["httpGet"]!;
            Assert.That(answered[(string)asked["path"]!]?["get"], Is.Not.Null, probe);
            Assert.That(ports, Does.ContainKey((string)asked["port"]!), probe);
        }

        var image = File.ReadAllText(Path.Combine(ProjectFolder.Path, "Dockerfile"));
        Assert.That(ports.Values, Has.All.Matches<int>(port => image.Contains($"ASPNETCORE_HTTP_PORTS={port}\n", StringComparison.Ordinal)));
        foreach (var name in (string[])["metaadsjobs-worker", "metaadsjobs-migrate"]) Assert.That(PodOf(name)["containers"]![0]!.AsObject().Select(field => field.Key), Has.None.Matches("Probe$|^ports$"), "nothing listens there");
    }

    /// <summary>Else it would be below the root, which is read only.</summary>
    [TestCase("metaadsjobs-api")]
    [TestCase("metaadsjobs-worker")]
    public void What_is_written_to_is_mounted(string name)
    {
        var mounted = PodOf(name)["containers"]![0]!["volumeMounts"]!.AsArray().Select(mount => (string)mount!["mountPath"]!).ToList();
        Assert.That(mounted, Is.EquivalentTo(["/tmp", Environment(name)["CLIP_FILES_DIR"]]));
    }

    private const string OfAll = "apiVersion:String kind:String metadata.name:String metadata.labels.*:String";

    // Of v1.30, what is used here.
    private static readonly Dictionary<string, (string ApiVersion, string Fields)> Kinds = new()
    {
        ["Deployment"] = ("apps/v1", "spec.replicas:Number spec.strategy.type:String spec.selector.matchLabels.*:String"),
        ["Job"] = ("batch/v1", "spec.backoffLimit:Number"),
        ["Service"] = ("v1", "spec.selector.app:String spec.ports[].port:Number spec.ports[].targetPort:String"),
        ["PersistentVolumeClaim"] = ("v1", "spec.accessModes[]:String spec.resources.requests.*:String"),
        ["PodDisruptionBudget"] = ("policy/v1", "spec.minAvailable:Number spec.maxUnavailable:Number spec.selector.matchLabels.*:String"),
    };

    private static readonly string OfPods = $"""
        spec.template.metadata.labels.*:String spec.template.spec.restartPolicy:String spec.template.spec.automountServiceAccountToken:Bool spec.template.spec.enableServiceLinks:Bool
        spec.template.spec.terminationGracePeriodSeconds:Number spec.template.spec.securityContext.runAsNonRoot:Bool spec.template.spec.securityContext.runAsUser:Number
        spec.template.spec.securityContext.fsGroup:Number spec.template.spec.securityContext.seccompProfile.type:String
        spec.template.spec.volumes[].name:String spec.template.spec.volumes[].emptyDir:Object spec.template.spec.volumes[].persistentVolumeClaim.claimName:String
        {string.Join(' ', OfContainers.Split(' ').Select(field => $"spec.template.spec.containers[].{field}"))}
        """;

    private const string OfContainers = "name:String image:String args[]:String ports[].name:String ports[].containerPort:Number env[].name:String env[].value:String envFrom[].secretRef.name:String "
        + "startupProbe.httpGet.path:String startupProbe.httpGet.port:String startupProbe.periodSeconds:Number startupProbe.failureThreshold:Number "
        + "livenessProbe.httpGet.path:String livenessProbe.httpGet.port:String livenessProbe.periodSeconds:Number livenessProbe.timeoutSeconds:Number "
        + "readinessProbe.httpGet.path:String readinessProbe.httpGet.port:String readinessProbe.periodSeconds:Number readinessProbe.timeoutSeconds:Number "
        + "lifecycle.preStop.exec.command[]:String resources.requests.*:String resources.limits.*:String securityContext.allowPrivilegeEscalation:Bool securityContext.readOnlyRootFilesystem:Bool "
        + "securityContext.capabilities.drop[]:String volumeMounts[].name:String volumeMounts[].mountPath:String";

    /// <summary>Where each value stands and of which type it is. Names that are free are stars.</summary>
    private static IEnumerable<string> Fields(JsonNode? node, string path) => node switch
    {
        JsonObject { Count: > 0 } all => all.SelectMany(field => Fields(field.Value, path.Length == 0 ? field.Key : $"{path}.{(IsFree(path) ? "*" : field.Key)}")),
        JsonArray { Count: > 0 } all => all.SelectMany(item => Fields(item, $"{path}[]")),
        null => [$"{path}:null"],
        { } value => [$"{path}:{(value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? "Bool" : value.GetValueKind().ToString())}"],
    };

    private static bool IsFree(string path) => path.Split('.')[^1] is "labels" or "matchLabels" or "requests" or "limits";

    private static string NameOf(JsonNode document) => (string)document["metadata"]!["name"]!;

    private static JsonNode PodOf(string name) => Documents.Single(document => NameOf(document) == name && document["spec"]?["template"] is not null)["spec"]!["template"]!["spec"]!;

    private static Dictionary<string, string> Environment(string name) => PodOf(name)["containers"]![0]!["env"]!.AsArray().ToDictionary(one => (string)one!["name"]!, one => (string)one!["value"]!);

    private static IEnumerable<JsonNode> Read()
    {
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        foreach (Match block in Block().Matches(Page))
        {
            var text = string.Join('\n', block.Groups[2].Value.Split('\n').Select(line => line.Length == 0 ? line : line[block.Groups[1].Length..]));
            foreach (var document in text.Split("\n---\n")) yield return JsonNode.Parse(writer.Serialize(reader.Deserialize(document)!))!;
        }
    }

    [GeneratedRegex(@"^( *)```yaml\n(.*?)^\1```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
