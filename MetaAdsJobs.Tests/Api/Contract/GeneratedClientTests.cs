using System.Diagnostics;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>
/// A linter looks at docs/openapi.json; clients that generators make of it, compiled as they are, run the main job: an account, a clip, a run to its end, its numbers, and a refusal by its code. The generators come from NuGet and npm, so this needs both.
/// </summary>
[TestFixture, Long]
public sealed class GeneratedClientTests
{
    private static readonly string Sources = Path.Combine(ProjectFolder.Path, "scripts", "contract");

    private Service _service = null!;
    private string _folder = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1);
        _folder = Directory.CreateTempSubdirectory("metaadsjobs-client-").FullName;
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task A_client_in_CSharp_runs_the_main_job()
    {
        Copy("csharp");
        await RunAsync("dotnet", "tool", "install", "NSwag.ConsoleCore", "--version", "14.8.0", "--tool-path", "tools");
        await RunAsync(Path.Combine(_folder, "tools", "nswag"), "openapi2csclient", $"/input:{Document.Path}", "/output:Client.cs", "/namespace:MetaAdsJobs.Generated", "/className:AdsClient", "/jsonLibrary:SystemTextJson",
            "/operationGenerationMode:SingleClientFromOperationId", "/generateNullableReferenceTypes:true", "/generateOptionalParameters:true", "/dateType:System.DateOnly");
        await RunAsync("dotnet", "build", "client.csproj", "--nologo", "-v", "quiet", "-o", "out");
        await AssertDoneAsync(await RunAsync("dotnet", Path.Combine("out", "client.dll")));
    }

    [Test]
    public async Task A_linter_finds_nothing_and_a_client_in_TypeScript_runs_the_main_job()
    {
        Copy("typescript");
        foreach (var file in (string[])["package.json", "package-lock.json", ".spectral.yaml"]) File.Copy(Path.Combine(Sources, file), Path.Combine(_folder, file));
        await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        await RunAsync(Path.Combine("node_modules", ".bin", "spectral"), "lint", "--ruleset", ".spectral.yaml", "--fail-severity", "hint", Document.Path);
        await RunAsync(Path.Combine("node_modules", ".bin", "openapi-typescript"), Document.Path, "-o", "schema.ts");
        await RunAsync(Path.Combine("node_modules", ".bin", "tsc"), "-p", ".");
        await AssertDoneAsync(await RunAsync("node", Path.Combine("out", "main.js")));
    }

    private async Task AssertDoneAsync(string told)
    {
        Assert.That(told, Does.StartWith("done "));
        using var viewer = _service.Client("viewer");
        var run = (await viewer.GetAsync($"/meta/orchestrate/runs/{told.Split(' ')[1]}")).Json;
        Assert.That(((string?)run["status"], (string?)run["campaign_name"]), Is.EqualTo(("succeeded", "By a client")));
    }

    private void Copy(string language)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Sources, language))) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var local = Path.Combine(_folder, program);
        var start = new ProcessStartInfo(File.Exists(local) ? local : program, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // Of this process alone: a test host's settings are none of theirs.
        start.Environment.Remove("MSBUILD_EXE_PATH");
        start.Environment["BASE_URL"] = _service.BaseUrl.ToString().TrimEnd('/');
        start.Environment["TOKEN"] = Service.Token("admin", "a generated client");
        start.Environment["META_TOKEN"] = $"{Service.SecretToken}{Guid.NewGuid():N}";
        start.Environment["IMAGE_URL"] = _service.Files.UrlOf("/clip.png");
        start.Environment["RUN_KEY"] = $"{Guid.NewGuid()}";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{await output}\n{await errors}");
        return await output;
    }
}
