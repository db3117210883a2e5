using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>A disk for clips' files that is full.</summary>
[TestFixture]
public sealed class FullDiskTests
{
    [Test]
    public async Task A_file_that_finds_no_room_is_answered_so_and_leaves_nothing_half_written()
    {
        await using var disk = await SmallDisk.MountAsync("1m");
        await using var service = await Service.StartAsync(workers: 0);
        Directory.Delete(service.ClipFiles);
        Directory.CreateSymbolicLink(service.ClipFiles, disk.Folder);
        using var client = service.Client();
        var id = Guid.NewGuid();

        var refused = await client.PutFileAsync(id, ClipFileBytes.Video(3 * 1024 * 1024));
        Assert.That((refused.Code, (string?)refused.Json["detail"]), Is.EqualTo((507,
            "There is no room left in CLIP_FILES_DIR, and nothing of the file was kept. Whoever operates this service has to make room; then send the same again.")), refused.Text);
        Assert.That(Directory.EnumerateFiles(disk.Folder), Is.Empty);
        Assert.That((await client.GetAsync($"/meta/clips/{id}")).Code, Is.EqualTo(404));

        Assert.That((await client.PutFileAsync(id, ClipFileBytes.Video(100 * 1024))).Code, Is.EqualTo(201), "with room the same call is right");
        File.Delete(service.ClipFiles);
        Directory.CreateDirectory(service.ClipFiles);
    }
}
