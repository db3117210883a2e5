using System.Reflection;
using System.Security.Cryptography;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Accounts;

[TestFixture]
public sealed class AccountTokensTests
{
    private const string Token = "EAAtheTokenOfAnAccount";
    private TestDatabase _database = null!;

    [OneTimeSetUp]
    public async Task CreateAsync() => _database = await TestDatabase.CreateAsync();

    [OneTimeTearDown]
    public async Task DropAsync() => await _database.DisposeAsync();

    [Test]
    public async Task A_token_closed_by_one_process_opens_in_another()
    {
        await using var api = OtherProcess.Start(_database.ConnectionString);
        await using var worker = OtherProcess.Start(_database.ConnectionString);

        var stored = api.GetRequiredService<AccountTokens>().Close(Token);

        Assert.That(worker.GetRequiredService<AccountTokens>().Open(stored), Is.EqualTo(Token));
    }

    [Test]
    public async Task A_token_closed_with_a_key_that_was_made_since_opens_too()
    {
        await using var worker = OtherProcess.Start(_database.ConnectionString);
        var tokens = worker.GetRequiredService<AccountTokens>();
        Assert.That(tokens.Open(tokens.Close(Token)), Is.EqualTo(Token), "the worker has read the ring");
        NoLongerYoung(worker);
        await using var api = OtherProcess.Start(_database.ConnectionString);
        var now = TimeProvider.System.GetUtcNow();
        api.GetRequiredService<IKeyManager>().CreateNewKey(now, now.AddDays(90));

        var stored = api.GetRequiredService<AccountTokens>().Close(Token);

        Assert.That(() => worker.GetRequiredService<IDataProtectionProvider>().CreateProtector("social_accounts.access_token").Unprotect(stored), Throws.InstanceOf<CryptographicException>(),
            "the ring was to be an old one");
        Assert.That(tokens.TryOpen(stored), Is.EqualTo(Token));
        Assert.That(tokens.Open(tokens.Close(Token)), Is.EqualTo(Token));
    }

    // For two minutes after its start a process looks at the ring again by itself.
    private static void NoLongerYoung(IServiceProvider process)
    {
        var ring = process.GetRequiredService<Microsoft.AspNetCore.DataProtection.KeyManagement.Internal.IKeyRingProvider>();
        ring.GetType().GetProperty("AutoRefreshWindowEnd", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(ring, DateTime.MinValue);
    }

    [Test]
    public async Task What_is_stored_shows_neither_the_token_nor_that_two_are_the_same()
    {
        await using var process = OtherProcess.Start(_database.ConnectionString);
        var tokens = process.GetRequiredService<AccountTokens>();

        var (one, other) = (tokens.Close(Token), tokens.Close(Token));

        Assert.That(one, Is.Not.EqualTo(other));
        Assert.That(one + other, Does.Not.Contain(Token));
    }

    [Test]
    public async Task What_was_closed_for_another_purpose_is_no_token()
    {
        await using var process = OtherProcess.Start(_database.ConnectionString);
        var cookie = process.GetRequiredService<IDataProtectionProvider>().CreateProtector("a cookie").Protect(Token);

        Assert.That(() => process.GetRequiredService<AccountTokens>().Open(cookie), Throws.InstanceOf<CryptographicException>());
    }
}
