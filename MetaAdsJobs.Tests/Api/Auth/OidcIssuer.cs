using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MetaAdsJobs.Tests.Api.Auth;

/// <summary>An OpenID Connect issuer with one RSA key: just what a service needs to check its tokens.</summary>
internal sealed class OidcIssuer : IAsyncDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly WebApplication _app;

    private OidcIssuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{Url}}","jwks_uri":"{{Url}}/keys"}""", "application/json"));
        _app.MapGet("/keys", () => Results.Text(Keys(), "application/json"));
    }

    public string Url => _app.Urls.First();

    public static async Task<OidcIssuer> StartAsync()
    {
        var issuer = new OidcIssuer();
        await issuer._app.StartAsync();
        return issuer;
    }

    /// <param name="key">Another key than the issuer's, for a forgery.</param>
    public string Token(string audience, RSA? key = null, params (string Type, string Value)[] claims)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Url, Audience = audience, IssuedAt = now, NotBefore = now, Expires = now.AddHours(1),
            Subject = new ClaimsIdentity([new Claim("sub", "somebody"), .. claims.Select(claim => new Claim(claim.Type, claim.Value))]),
            SigningCredentials = new(new RsaSecurityKey(key ?? _rsa) { KeyId = "the key" }, SecurityAlgorithms.RsaSha256),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _rsa.Dispose();
    }

    private string Keys()
    {
        var parameters = _rsa.ExportParameters(includePrivateParameters: false);
        var (modulus, exponent) = (Base64UrlEncoder.Encode(parameters.Modulus), Base64UrlEncoder.Encode(parameters.Exponent));
        return $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"the key","n":"{{modulus}}","e":"{{exponent}}"}]}""";
    }
}
