using MetaAdsJobs.Core.Database;
using Npgsql;

namespace MetaAdsJobs.Tests.Database;

[TestFixture]
public sealed class DatabaseUrlTests
{
    [TestCase("postgres://ann:pw@db.example:6543/ads")]
    [TestCase("postgresql://ann:pw@db.example:6543/ads")]
    [TestCase("postgresql+asyncpg://ann:pw@db.example:6543/ads")]
    [TestCase("  PostgreSQL://ann:pw@db.example:6543/ads \n")]
    [TestCase("Host=db.example;Port=6543;Username=ann;Password=pw;Database=ads")]
    [TestCase("Server=db.example;Port=6543;User Id=ann;Password=pw;Database=ads")]
    public void Every_way_of_writing_it_says_the_same(string value)
    {
        var read = Read(value);

        Assert.That(
            (read.Host, read.Port, read.Username, read.Password, read.Database),
            Is.EqualTo(("db.example", 6543, "ann", "pw", "ads")));
    }

    [TestCase("postgresql://a%40b:p%3Aw%2F%3F%40%25@h/d%20b", "a@b", "p:w/?@%", "d b")]
    [TestCase("postgresql://ann:p@ss/wo?rd@h/ads", "ann", "p@ss/wo?rd", "ads")]
    [TestCase("postgresql://ann:p%3Bw%3D'\"@h/ads", "ann", "p;w='\"", "ads")]
    [TestCase("postgresql://ann:pa:ss@h/ads", "ann", "pa:ss", "ads")]
    public void Odd_characters_come_through(string value, string user, string password, string database)
    {
        var read = Read(value);

        Assert.That((read.Username, read.Password, read.Database, read.Host), Is.EqualTo((user, password, database, "h")));
    }

    [TestCase("postgresql://localhost/ads", "localhost", 5432)]
    [TestCase("postgresql://[::1]/ads", "::1", 5432)]
    [TestCase("postgresql://[::1]:6000/ads", "::1", 6000)]
    [TestCase("postgresql://%2Fvar%2Frun%2Fpostgresql/ads", "/var/run/postgresql", 5432)]
    [TestCase("postgresql:///ads?host=/var/run/postgresql&port=6000", "/var/run/postgresql", 6000)]
    [TestCase("postgresql://one:1,two:2/ads", "one:1,two:2", 5432)]
    public void The_host_may_be_an_address_a_socket_or_a_list(string value, string host, int port) =>
        Assert.That((Read(value).Host, Read(value).Port), Is.EqualTo((host, port)));

    [TestCase("sslmode=verify-full", SslMode.VerifyFull)]
    [TestCase("sslmode=disable", SslMode.Disable)]
    [TestCase("ssl=true", SslMode.Require)]
    [TestCase("ssl=require", SslMode.Require)]
    public void Libpq_options_are_understood(string query, SslMode expected) =>
        Assert.That(Read($"postgresql://h/ads?{query}").SslMode, Is.EqualTo(expected));

    [TestCase("gssencmode=disable&require_auth=scram-sha-256,md5&keepalives=0&keepalives_count=3&sslsni=1&client_encoding=UTF8", "GSS Encryption Mode=Disable;Require Auth=ScramSHA256,MD5;TCP Keepalive=False")]
    [TestCase("keepalives_idle=20&fallback_application_name=ads&krbsrvname=pg&options=-c%20statement_timeout%3D5s", "TCP Keepalive Time=20;Application Name=ads;Kerberos Service Name=pg;Options=\"-c statement_timeout=5s\"")]
    [TestCase("target_session_attrs=read-write", "")]
    [TestCase("target_session_attrs=any", "")]
    public void The_names_of_libpq_are_taken(string query, string expected) =>
        Assert.That(Read($"postgresql://h/ads?{query}").ConnectionString.Split(';').Except(["Host=h", "Database=ads"]), Is.EquivalentTo(expected.Split(';', StringSplitOptions.RemoveEmptyEntries)).IgnoreCase);

    [TestCase("postgresql://one:1,two:2/ads")]
    [TestCase("postgresql://one:1,two:2/ads?target_session_attrs=any")]
    [TestCase("postgresql://one:1,two:2/ads?target_session_attrs=primary")]
    [TestCase("Host=one:1,two:2;Database=ads")]
    public void Of_several_hosts_the_one_that_takes_writes_is_meant(string value) => Assert.That(Read(value).TargetSessionAttributes, Is.EqualTo("read-write"));

    [TestCase("target_session_attrs=standby", "must be read-write or primary")]
    [TestCase("hostaddr=10.0.0.1", "write the address in place of the host's name")]
    [TestCase("service=ads", "is not read")]
    [TestCase("schema=ads", "search_path")]
    public void What_cannot_be_had_says_what_to_write_instead(string query, string expected) =>
        Assert.That(() => Read($"postgresql://h/ads?{query}"), Throws.TypeOf<FormatException>().With.Message.StartsWith("DATABASE_URL").And.Message.Contains(expected));

    [Test]
    public void Several_options_are_read()
    {
        var read = Read("postgresql://h/ads?connect_timeout=7&application_name=My%20Ads&Maximum_Pool_Size=50");

        Assert.That((read.Timeout, read.ApplicationName, read.MaxPoolSize), Is.EqualTo((7, "My Ads", 50)));
    }

    [TestCase("")]
    [TestCase("not a url")]
    [TestCase("mysql://ann:s3cret@h/ads")]
    [TestCase("postgresql://ann:s3cret@h")]
    [TestCase("postgresql://ann:s3cret@/ads")]
    [TestCase("postgresql://ann:s3cret@h:port/ads")]
    [TestCase("postgresql://ann:s3cret@h:99999/ads")]
    [TestCase("postgresql://ann:s3cret@h/ads?sslmode=s3cret")]
    [TestCase("postgresql://ann:s3cret@h/ads?nosuch=s3cret")]
    [TestCase("Host=h;Database=ads;Password=a;s3cret=b")]
    [TestCase("Host=h;Database=ads;Port=s3cret")]
    [TestCase("Host=h;Password=s3cret")]
    public void What_cannot_be_read_is_told_by_the_key_and_never_by_the_value(string value)
    {
        var error = Assert.Throws<FormatException>(() => DatabaseUrl.ToConnectionString(value));

        Assert.Multiple(() =>
        {
            Assert.That(error!.Message, Does.StartWith("DATABASE_URL"));
            Assert.That(error!.ToString(), Does.Not.Contain("s3cret"));
        });
    }

    private static NpgsqlConnectionStringBuilder Read(string value) => new(DatabaseUrl.ToConnectionString(value));
}
