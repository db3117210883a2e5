using System.Security.Claims;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MetaAdsJobs.Launch.Tokens;

/// <summary>Mints the access tokens that the API takes when it checks them with its own signing key.</summary>
public static class AccessTokens
{
    /// <summary>Issuer and audience alike: the service talks to itself.</summary>
    public const string Issuer = "metaadsjobs";

    public static readonly IReadOnlyList<string> Roles = ["admin", "manager", "viewer"];

    /// <summary>An HS256 JWT; the key is the UTF-8 bytes of the text.</summary>
    /// <exception cref="LaunchException">The key is shorter than the 32 bytes that HS256 asks for.</exception>
    public static string Mint(string signingKey, string role, TimeSpan lifetime, string subject, TimeProvider time)
    {
        var key = Encoding.UTF8.GetBytes(signingKey);
        if (key.Length < 32)
            throw new LaunchException($"{OwnKeys.SigningKey} is too short: HS256 needs at least 32 bytes.");

        var now = time.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Issuer,
            Subject = new ClaimsIdentity([new Claim("sub", subject), new Claim("role", role)]),
            IssuedAt = now,
            NotBefore = now,
            Expires = now + lifetime,
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key), SecurityAlgorithms.HmacSha256),
        });
    }
}
