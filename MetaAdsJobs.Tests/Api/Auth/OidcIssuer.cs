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
        _app.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{Url}}","jwks_uri":"{{Url}}/keys","authorization_endpoint":"{{Url}}/authorize","token_endpoint":"{{Url}}/token","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}""", "application/json"));
        _app.MapGet("/keys", () => Results.Text(Keys(), "application/json"));
        _app.MapGet("/authorize", Authorize);
        _app.MapPost("/token", TokenAsync);
    }

    public const string ClientId = "the console";

    private readonly Dictionary<string, (string Nonce, string Challenge, (string Type, string Value)[] Person)> _codes = [];
    private (string Type, string Value)[] _person = [("email", "nobody@example.com")];

    public string Url => _app.Urls.First();

    /// <summary>How the last client has hidden its proof key.</summary>
    public string? LastChallengeMethod { get; private set; }

    /// <summary>How long ago the last client wanted its person to have shown who it is, at the most; null: it did not say.</summary>
    public string? LastMaxAge { get; private set; }

    /// <summary>Whoever comes next is this person.</summary>
    /// <param name="isVerified">Null: the issuer does not say.</param>
    /// <param name="signedInAt">When that was shown; null: the issuer does not say.</param>
    public void SignsIn(string mail, bool? isVerified = true, DateTimeOffset? signedInAt = null, params (string Type, string Value)[] more) => _person =
    [
        ("email", mail), .. isVerified is { } told ? [("email_verified", told ? "true" : "false")] : Array.Empty<(string, string)>(),
        .. signedInAt is { } at ? [("auth_time", $"{at.ToUnixTimeSeconds()}")] : Array.Empty<(string, string)>(), .. more,
    ];

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
            Subject = new ClaimsIdentity([.. claims.Any(claim => claim.Type == "sub") ? Array.Empty<Claim>() : [new Claim("sub", "somebody")], .. claims.Select(claim => new Claim(claim.Type, claim.Value))]),
            SigningCredentials = new(new RsaSecurityKey(key ?? _rsa) { KeyId = "the key" }, SecurityAlgorithms.RsaSha256),
        });
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query;
        if (query["client_id"] != ClientId || query["response_type"] != "code") return Results.BadRequest();
        LastChallengeMethod = query["code_challenge_method"];
        var code = Guid.NewGuid().ToString("N");
        LastMaxAge = query["max_age"].FirstOrDefault();
        _codes[code] = (query["nonce"].ToString(), query["code_challenge"].ToString(), _person);
        return Results.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"].ToString())}");
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        if (!_codes.Remove(form["code"].ToString(), out var asked) || Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != asked.Challenge)
            return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        var token = Token(ClientId, null, [("nonce", asked.Nonce), .. asked.Person]);
        return Results.Json(new { access_token = "none", token_type = "Bearer", expires_in = 3600, id_token = token });
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
