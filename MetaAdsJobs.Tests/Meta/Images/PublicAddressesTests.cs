using System.Net;
using MetaAdsJobs.Core.Addresses;

namespace MetaAdsJobs.Tests.Meta.Images;

[TestFixture]
public sealed class PublicAddressesTests
{
    [TestCase("93.184.215.14")]
    [TestCase("172.32.0.1")]
    [TestCase("100.128.0.1")]
    [TestCase("::ffff:93.184.215.14")]
    [TestCase("2606:2800:21f:cb07:6820:80da:af6b:8b2c")]
    public void The_internet_is_public(string address) => Assert.That(PublicAddresses.IsPublic(IPAddress.Parse(address)), Is.True);

    [TestCase("127.0.0.1")]
    [TestCase("127.8.9.10")]
    [TestCase("0.0.0.0")]
    [TestCase("10.1.2.3")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.1.1")]
    [TestCase("169.254.169.254", Description = "where clouds tell machines their secrets")]
    [TestCase("100.64.0.1")]
    [TestCase("224.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("::1")]
    [TestCase("::")]
    [TestCase("fe80::1")]
    [TestCase("fc00::1")]
    [TestCase("fd12:3456::1")]
    [TestCase("ff02::1")]
    [TestCase("::ffff:127.0.0.1", Description = "IPv4 in IPv6")]
    [TestCase("::127.0.0.1")]
    [TestCase("64:ff9b::7f00:1", Description = "IPv4 behind NAT64")]
    [TestCase("2002:7f00:1::", Description = "IPv4 in 6to4")]
    [TestCase("2001:0:7f00:1::", Description = "IPv4 in Teredo")]
    public void What_only_this_network_reaches_is_not(string address) => Assert.That(PublicAddresses.IsPublic(IPAddress.Parse(address)), Is.False);
}
