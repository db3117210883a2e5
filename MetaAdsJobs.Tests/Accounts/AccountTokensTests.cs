using System.Security.Cryptography;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Accounts;

[TestFixture]
[Parallelizable(ParallelScope.Self)]
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
