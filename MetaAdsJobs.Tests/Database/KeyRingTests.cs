using System.Security.Cryptography;
using System.Xml.Linq;
using CsCheck;
using Dapper;
using MetaAdsJobs.Core.Database.Keys;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Database;

[TestFixture]
public sealed class KeyRingTests
{
    private static readonly string Key = NewKey();
    private TestDatabase _database = null!;

    [SetUp]
    public async Task CreateAsync() => _database = await TestDatabase.CreateAsync();

    [TearDown]
    public async Task DropAsync() => await _database.DisposeAsync();

    [Test]
    public void What_is_closed_opens_with_the_same_key_alone() =>
        Gen.String[Gen.Char.AlphaNumeric, 0, 400].Sample(text =>
        {
            var closed = new KeyRingEncryptor(Key).Encrypt(new XElement("key", text)).EncryptedElement;

            Assert.That(KeyRingEncryptor.Open(closed, Key).Value, Is.EqualTo(text));
            Assert.That(() => KeyRingEncryptor.Open(closed, NewKey()), Throws.InstanceOf<CryptographicException>());
        }, iter: 50);

    [Test]
    public void A_box_that_was_tampered_with_does_not_open()
    {
        var box = Convert.FromBase64String(new KeyRingEncryptor(Key).Encrypt(new XElement("key", "secret")).EncryptedElement.Value);
        for (var place = 0; place < box.Length; place++)
        {
            box[place] ^= 1;
            Assert.That(() => KeyRingEncryptor.Open(new XElement("box", Convert.ToBase64String(box)), Key), Throws.InstanceOf<CryptographicException>(), $"byte {place}");
            box[place] ^= 1;
        }
    }

    [Test]
    public void The_same_key_is_never_closed_the_same_way_twice()
    {
        var encryptor = new KeyRingEncryptor(Key);
        var element = new XElement("key", "secret");

        Assert.That(Enumerable.Range(0, 50).Select(_ => encryptor.Encrypt(element).EncryptedElement.Value), Is.Unique);
    }

    [Test]
    public async Task With_a_key_the_database_holds_no_readable_key()
    {
        await using (var process = OtherProcess.Start(_database.ConnectionString, Key)) Protector(process).Protect("x");
        var closed = await StoredAsync();
        Assert.That(closed, Does.Contain("<box").And.Not.Contain("masterKey"));

        // That the search would see a readable one: without a key there is one.
        await using var other = await TestDatabase.CreateAsync();
        await using (var process = OtherProcess.Start(other.ConnectionString, dataProtectionKey: null)) Protector(process).Protect("x");
        await using var connection = await other.DataSource.OpenConnectionAsync();
        Assert.That(await connection.QuerySingleAsync<string>("SELECT xml FROM data_protection_keys"), Does.Contain("masterKey"));
    }

    [Test]
    public async Task Processes_that_share_the_key_share_the_ring()
    {
        await using var one = OtherProcess.Start(_database.ConnectionString, Key);
        await using var other = OtherProcess.Start(_database.ConnectionString, Key);

        var closed = Protector(one).Protect("a secret");

        Assert.That(Protector(other).Unprotect(closed), Is.EqualTo("a secret"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_process_with_another_key_or_none_opens_nothing(bool none)
    {
        await using var one = OtherProcess.Start(_database.ConnectionString, Key);
        await using var other = OtherProcess.Start(_database.ConnectionString, none ? null : NewKey());

        var closed = Protector(one).Protect("a secret");

        Assert.That(() => Protector(other).Unprotect(closed), Throws.InstanceOf<CryptographicException>());
    }

    [Test]
    public async Task Processes_that_start_together_on_an_empty_ring_make_one_key()
    {
        var processes = Enumerable.Range(0, 8).Select(_ => OtherProcess.Start(_database.ConnectionString, Key)).ToList();
        using var together = new Barrier(processes.Count);
        var closed = await Task.WhenAll(processes.Select(process => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait();
            process.GetRequiredService<FirstKey>().Ensure();
            return Protector(process).Protect("a secret");
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.That(processes.SelectMany(process => closed.Select(box => Protector(process).Unprotect(box))), Is.All.EqualTo("a secret"));
        Assert.That(await _database.DataSource.RowsAsync("data_protection_keys"), Is.EqualTo(1));
        foreach (var process in processes) await process.DisposeAsync();
    }

    [Test]
    public async Task A_ring_whose_keys_have_all_expired_gets_another()
    {
        await using var process = OtherProcess.Start(_database.ConnectionString, Key);
        var now = TimeProvider.System.GetUtcNow();
        process.GetRequiredService<IKeyManager>().CreateNewKey(now.AddDays(-200), now.AddDays(-100));
        process.GetRequiredService<FirstKey>().Ensure();
        process.GetRequiredService<FirstKey>().Ensure();
        Assert.That(await _database.DataSource.RowsAsync("data_protection_keys"), Is.EqualTo(2));
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static IDataProtector Protector(IServiceProvider process) => process.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests");

    private async Task<string> StoredAsync()
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<string>("SELECT xml FROM data_protection_keys");
    }
}
