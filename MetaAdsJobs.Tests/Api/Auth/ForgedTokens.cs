using System.Security.Claims;
using System.Text;
using MetaAdsJobs.Launch.Tokens;
using MetaAdsJobs.Tests.Support;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MetaAdsJobs.Tests.Api.Auth;

/// <summary>Tokens that are right in all but one thing.</summary>
internal static class ForgedTokens
{
    private const string OtherKey = "another signing key that is long enough for HS256";

    public static IEnumerable<TestCaseData> All()
    {
        yield return Named("the wrong key", Service.Token("admin", key: OtherKey));
        yield return Named("no algorithm and no signature", Unsigned());
        yield return Named("a signature cut off", $"{Service.Token("admin")[..Service.Token("admin").LastIndexOf('.')]}.");
        yield return Named("another role under an old signature", OtherPayload());
        yield return Named("expired an hour ago", Token(expires: TimeSpan.FromHours(-1)));
        yield return Named("not yet valid", Token(notBefore: TimeSpan.FromHours(1), expires: TimeSpan.FromHours(2)));
        yield return Named("another issuer", Token(issuer: "somebody"));
        yield return Named("another audience", Token(audience: "another service"));
        yield return Named("another algorithm", Token(algorithm: SecurityAlgorithms.HmacSha384));
        yield return Named("no token at all", "sesame");
    }

    private static TestCaseData Named(string name, string token) => new TestCaseData(token).SetArgDisplayNames(name);

    private static string Token(
        string issuer = AccessTokens.Issuer, string audience = AccessTokens.Issuer, TimeSpan? notBefore = null, TimeSpan? expires = null,
        string algorithm = SecurityAlgorithms.HmacSha256)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer, Audience = audience, Subject = new ClaimsIdentity([new Claim("sub", "forger"), new Claim("role", "admin")]),
            IssuedAt = now.AddHours(-2), NotBefore = now + (notBefore ?? TimeSpan.FromHours(-2)), Expires = now + (expires ?? TimeSpan.FromHours(1)),
            SigningCredentials = new(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(Service.SigningKey)), algorithm),
        });
    }

    private static string Unsigned()
    {
        var payload = Service.Token("admin").Split('.')[1];
        return $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{payload}.";
    }

    private static string OtherPayload()
    {
        var parts = Service.Token("viewer").Split('.');
        var payload = Base64UrlEncoder.Decode(parts[1]).Replace("viewer\"", "admin\"", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64UrlEncoder.Encode(payload)}.{parts[2]}";
    }
}
