using System.Net;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Api.Auth;

/// <summary>How often an address may send keys that are none.</summary>
[TestFixture]
public sealed class KeyTriesTests
{
    private const string Address = "192.0.2.1";
    private static readonly byte[] Key = [1];

    private readonly KeyTries _tries = new(new RateLimitOptions { SignInsPerMinute = 3 }, new FakeTimeProvider());

    [Test]
    public void A_key_that_was_good_and_is_revoked_counts_as_none()
    {
        Assert.That(_tries.MayTry(Address, Key), Is.True);
        _tries.WasGood(Address, Key);
        Assert.That(Enumerable.Range(0, 10).Select(_ => _tries.MayTry(Address, Key)), Is.All.True, "as often as it likes");

        _tries.WasNone(Key);
        Assert.That(Enumerable.Range(0, 5).Select(_ => _tries.MayTry(Address, Key)), Is.EqualTo([true, true, true, false, false]));
    }

    [Test]
    public void What_was_looked_for_beyond_the_limit_gives_back_nothing_that_it_has_not_taken()
    {
        Assert.That(Enumerable.Range(0, 4).Select(nth => _tries.MayTry("192.0.2.2", [2, (byte)nth])), Is.EqualTo([true, true, true, false]));
        _tries.WasGood(address: null, [2, 3]);
        Assert.That(_tries.MayTry("192.0.2.2", [2, 3]), Is.True, "it is known");
        Assert.That(_tries.MayTry("192.0.2.2", [2, 4]), Is.False);
    }

    [TestCase("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [TestCase("::ffff:192.0.2.1", "192.0.2.1", true)]
    [TestCase("::ffff:192.0.2.1", "::ffff:192.0.2.2", false)]
    [TestCase("::1", "::2", false)]
    public void Of_IPv6_one_network_counts_as_one_address(string one, string other, bool isOne) => Assert.That(Counted(one) == Counted(other), Is.EqualTo(isOne));

    private static string Counted(string address) => TooManyCalls.AddressOf(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } });
}
