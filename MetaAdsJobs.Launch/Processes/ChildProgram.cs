namespace MetaAdsJobs.Launch.Processes;

/// <summary>What a child process runs; a null in the environment unsets the variable, all others are inherited.</summary>
public sealed record ChildProgram(IReadOnlyList<string> Command, string Folder, IReadOnlyDictionary<string, string?> Environment)
{
    /// <summary>A project of the solution, as built in the configuration that is running now; its folder holds its appsettings.</summary>
    public static ChildProgram Built(string project, IReadOnlyDictionary<string, string?> environment)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var folder = Path.Combine(ProjectFolder.Path, project, "bin", framework.Parent!.Name, framework.Name);
        var dll = Path.Combine(folder, project + ".dll");
        return File.Exists(dll)
            ? new([DotNet, dll], folder, environment)
            : throw new LaunchException($"{dll} is not there: build the solution first.");
    }

    // The runtime that runs us, wherever it is installed.
    private static string DotNet =>
        System.Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";
}
