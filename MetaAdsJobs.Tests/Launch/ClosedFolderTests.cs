using System.Runtime.Versioning;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Tokens;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
[UnsupportedOSPlatform("windows")]
public sealed class ClosedFolderTests
{
    private const UnixFileMode Wide = (UnixFileMode)0b111_101_101;
    private const UnixFileMode Owner = (UnixFileMode)0b111_000_000;
    private string _folder = "";

    [SetUp]
    public void Make() => _folder = Directory.CreateTempSubdirectory("metaadsjobs-folder-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_folder_that_stood_open_is_closed_and_so_is_a_key_in_it()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder, "data"), Wide).FullName;
        var key = Path.Combine(data, "auth-signing-key");
        File.WriteAllText(key, "a key");
        File.SetUnixFileMode(key, (UnixFileMode)0b110_100_100);
        Directory.CreateDirectory(Path.Combine(data, "logs"));
        // Left by one that was killed.
        File.WriteAllText(Path.Combine(data, "served-database"), "");

        Assert.That(ClosedFolder.Ensure(data), Is.True);
        Assert.That(KeyFile.ReadOrCreate(key, bytes: 48), Is.EqualTo("a key"));

        // Root may have let its database's user through.
        Assert.That((File.GetUnixFileMode(data) & ~UnixFileMode.GroupExecute, File.GetUnixFileMode(key)), Is.EqualTo((Owner, UnixFileMode.UserRead | UnixFileMode.UserWrite)));
    }

    [Test]
    public void A_folder_that_is_made_is_closed_from_the_start()
    {
        var data = Path.Combine(_folder, "data");
        Assert.That(ClosedFolder.Ensure(data), Is.True);
        Assert.That(File.GetUnixFileMode(data), Is.EqualTo(Owner));
    }

    [Test]
    public void A_folder_with_other_things_in_it_is_left_as_it_is()
    {
        var shared = Directory.CreateDirectory(Path.Combine(_folder, "shared"), Wide).FullName;
        File.WriteAllText(Path.Combine(shared, "somebody's letters"), "");

        Assert.That(ClosedFolder.Ensure(shared), Is.False);
        Assert.That(File.GetUnixFileMode(shared), Is.EqualTo(Wide));
    }
}
