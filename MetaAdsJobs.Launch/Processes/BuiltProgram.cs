namespace MetaAdsJobs.Launch.Processes;

/// <summary>Where the build put the other programs of the service.</summary>
public static class BuiltProgram
{
    /// <summary>The dll of a project, built in the configuration that is running now, such as Release/net10.0.</summary>
    public static string Dll(string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var path = Path.Combine(ProjectFolder.Path, project, "bin", framework.Parent!.Name, framework.Name, project + ".dll");
        return File.Exists(path) ? path : throw new LaunchException($"{path} is not there: build the solution first.");
    }
}
