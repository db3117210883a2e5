namespace MetaAdsJobs.Launch;

/// <summary>The checkout this build came from: the first folder above the binaries that holds the solution.</summary>
public static class ProjectFolder
{
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "MetaAdsJobs.sln")))
                return folder.FullName;

        throw new LaunchException($"No MetaAdsJobs.sln above {from}: run from a checkout of the project.");
    }
}
