using System.Text;
using MetaAdsJobs.Core.Events.Signing;

namespace MetaAdsJobs.Tests.Events;

/// <summary>Signatures as the specification's own vector has them, and what is none.</summary>
[TestFixture]
public sealed class StandardWebhooksTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Body = """{"test": 2432232314}""";
    private const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const long At = 1614265330;

    [Test]
    public void The_specifications_vector_is_signed_and_verified_as_it_says()
    {
        Assert.That(StandardWebhooks.Sign([Secret], Id, At, Encoding.UTF8.GetBytes(Body)), Is.EqualTo(Signature));
        Assert.That(Verify(), Is.EqualTo(Verification.Valid));
    }

    [TestCase(null, TestName = "No id")]
    [TestCase("", TestName = "An empty id")]
    [TestCase("msg.1", TestName = "An id with a full stop")]
    [TestCase("msg 1", TestName = "An id with a space")]
    public void What_is_no_id_is_refused(string? id) => Assert.That(Verify(id: id), Is.EqualTo(Verification.NoId));

    [TestCase(null, TestName = "No time")]
    [TestCase("", TestName = "An empty time")]
    [TestCase("+1614265330", TestName = "A time with a sign")]
    [TestCase("1614265330.0", TestName = "A time with a fraction")]
    [TestCase("2021-02-25T15:02:10Z", TestName = "A time in words")]
    [TestCase("99999999999999999999", TestName = "A time without end")]
    public void What_is_no_time_is_refused(string? time) => Assert.That(Verify(time: time), Is.EqualTo(Verification.NoTimestamp));

    [TestCase(null, TestName = "No signature")]
    [TestCase("", TestName = "An empty signature")]
    [TestCase("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", TestName = "A signature without its version")]
    [TestCase("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", TestName = "Another version")]
    [TestCase("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", TestName = "A later version")]
    public void What_is_no_signature_is_refused(string? signature) => Assert.That(Verify(signature: signature), Is.EqualTo(Verification.NoSignature));

    [TestCase("v1,", TestName = "A signature of nothing")]
    [TestCase("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1O", TestName = "A signature cut short")]
    [TestCase("v1,G0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", TestName = "A signature with another letter")]
    [TestCase("v1,83484cf52b04f8e4cf2531adfed9882ad4b2665137b852442d594d20e2c9d4e1", TestName = "A signature in hex")]
    [TestCase("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1,BBBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", TestName = "Two wrong signatures")]
    public void A_wrong_signature_is_refused(string signature) => Assert.That(Verify(signature: signature), Is.EqualTo(Verification.WrongSignature));

    [Test]
    public void Whatever_was_signed_and_is_changed_is_refused()
    {
        Assert.That(Verify(body: Body + "\n"), Is.EqualTo(Verification.WrongSignature), "the body");
        Assert.That(Verify(body: """{"test":2432232314}"""), Is.EqualTo(Verification.WrongSignature), "a space of the body");
        Assert.That(Verify(id: "msg_p5jXN8AQM9LWM0D4loKWxJel"), Is.EqualTo(Verification.WrongSignature), "the id");
        Assert.That(Verify(time: "1614265331"), Is.EqualTo(Verification.WrongSignature), "the time");
        Assert.That(Verify(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"), Is.EqualTo(Verification.WrongSignature), "the secret");
    }

    [TestCase(-300, Verification.Valid)]
    [TestCase(-301, Verification.TooNew)]
    [TestCase(300, Verification.Valid)]
    [TestCase(301, Verification.TooOld)]
    public void What_was_signed_more_than_five_minutes_from_now_is_refused(int later, Verification expected) => Assert.That(Verify(now: At + later), Is.EqualTo(expected));

    [Test]
    public void While_a_secret_is_exchanged_either_is_enough()
    {
        var other = StandardWebhooks.NewSecret();
        var both = StandardWebhooks.Sign([other, Secret], Id, At, Encoding.UTF8.GetBytes(Body));
        Assert.That(both.Split(' '), Has.Length.EqualTo(2).And.Contains(Signature));
        foreach (var secret in (string[])[other, Secret]) Assert.That(Verify(secret: secret, signature: both), Is.EqualTo(Verification.Valid));
        Assert.That(StandardWebhooks.Verify([other, Secret], Id, "1614265330", Signature, Encoding.UTF8.GetBytes(Body), Now(At)), Is.EqualTo(Verification.Valid));
        Assert.That(Verify(signature: $"v2,xyz {Signature}"), Is.EqualTo(Verification.Valid), "beside one of a version that is not known");
    }

    [Test]
    public void A_secret_is_32_bytes_of_its_own()
    {
        var secrets = Enumerable.Range(0, 100).Select(_ => StandardWebhooks.NewSecret()).ToList();
        Assert.That(secrets, Is.Unique);
        Assert.That(secrets.Select(secret => Convert.FromBase64String(secret["whsec_".Length..]).Length), Is.All.EqualTo(32));
        Assert.That(() => StandardWebhooks.Sign(["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], Id, At, []), Throws.InstanceOf<FormatException>());
        Assert.That(() => StandardWebhooks.Sign(["whsec_"], Id, At, []), Throws.InstanceOf<FormatException>(), "everybody has the empty one");
    }

    private static DateTimeOffset Now(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);

    private static Verification Verify(string? id = Id, string? time = "1614265330", string? signature = Signature, string body = Body, string secret = Secret, long now = At) =>
        StandardWebhooks.Verify([secret], id, time, signature, Encoding.UTF8.GetBytes(body), Now(now));
}
