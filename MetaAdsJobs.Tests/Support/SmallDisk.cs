using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Support;

/// <summary>A file system that can be full: in memory, and mounted, which root may do on Linux. The test is ignored where it cannot be.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Filling => Path.Combine(Folder, "filling");

    /// <param name="size">As mount's option has it, such as "1m".</param>
    public static async Task<SmallDisk> MountAsync(string size)
    {
        var folder = Directory.CreateTempSubdirectory("metaadsjobs-full-").FullName;
        if (OperatingSystem.IsLinux() && (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder], CancellationToken.None)).Succeeded) return new(folder);
        Directory.Delete(folder);
        Assert.Ignore("This test mounts a small file system, which this user may not do: run it as root on Linux.");
        throw new InvalidOperationException("Ignored.");
    }

    /// <summary>Leaves no byte of room.</summary>
    public Task FillAsync() => Command.RunAsync("dd", ["if=/dev/zero", $"of={Filling}", "bs=4k"], CancellationToken.None);

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(Filling);

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", ["-l", Folder], CancellationToken.None);
        Directory.Delete(Folder);
    }
}
