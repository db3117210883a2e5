using System.Text;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Tokens;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
public sealed class TokenTests
{
    private const string Key = "a signing key that is long enough for HS256";

    [Test]
    public async Task A_token_says_who_and_which_role_and_is_valid_for_its_lifetime()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

        var token = AccessTokens.Mint(Key, "manager", TimeSpan.FromDays(3), "ann", time);

        var read = await ReadAsync(token, Key);
        Assert.Multiple(() =>
        {
            Assert.That(read.IsValid, Is.True, read.Exception?.Message);
            Assert.That(read.Claims["sub"], Is.EqualTo("ann"));
            Assert.That(read.Claims["role"], Is.EqualTo("manager"));
            Assert.That(read.SecurityToken.ValidTo, Is.EqualTo(new DateTime(2030, 1, 4, 0, 0, 0, DateTimeKind.Utc)));
        });
    }

    [Test]
    public async Task A_token_of_another_key_is_not_valid()
    {
        var token = AccessTokens.Mint(Key, "admin", TimeSpan.FromDays(1), "ann", TimeProvider.System);

        Assert.That((await ReadAsync(token, "another key that is long enough for HS256")).IsValid, Is.False);
    }

    [Test]
    public void A_key_that_is_too_short_is_named() =>
        Assert.That(
            () => AccessTokens.Mint("short", "admin", TimeSpan.FromDays(1), "ann", TimeProvider.System),
            Throws.TypeOf<LaunchException>().With.Message.StartsWith("AUTH_SIGNING_KEY"));

    [Test]
    public async Task The_token_command_prints_a_token_and_nothing_else()
    {
        await using var launcher = Launcher.Start(["token", "--role", "viewer", "--days", "2"], ("AUTH_SIGNING_KEY", Key));

        var exitCode = await launcher.EndAsync();

        Assert.That((exitCode, launcher.Errors.Trim(), launcher.Output.Count(c => c == '\n')), Is.EqualTo((0, "", 1)));
        Assert.That((await ReadAsync(launcher.Output.Trim(), Key)).Claims["role"], Is.EqualTo("viewer"));
    }

    [Test]
    public async Task Without_a_key_in_the_environment_one_is_made_and_kept_for_the_owner_only()
    {
        await using var launcher = Launcher.Start(["token", "--role", "admin"]);
        await launcher.EndAsync();
        var file = Path.Combine(launcher.DataFolder, "auth-signing-key");

        var made = OwnKeys.Signing(launcher.DataFolder);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await ReadAsync(launcher.Output.Trim(), made)).IsValid, Is.True);
            Assert.That(Convert.FromBase64String(made), Has.Length.EqualTo(48));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        });
    }

    [Test]
    public void Where_no_key_is_given_and_none_can_be_kept_it_says_so() =>
        Assert.That(
            () => OwnKeys.Signing("/dev/null/data"),
            Throws.TypeOf<LaunchException>().With.Message.EqualTo(
                "/dev/null/data/auth-signing-key cannot be written: give the key in the environment, or set DATA_FOLDER to a folder of your own."));

    [TestCase]
    [TestCase("--role")]
    [TestCase("--role", "boss")]
    [TestCase("--days", "3")]
    [TestCase("--role", "admin", "--days", "0")]
    [TestCase("--role", "admin", "--days", "-1")]
    [TestCase("--role", "admin", "--days", "many")]
    [TestCase("--role", "admin", "--nosuch", "1")]
    public void Bad_arguments_get_one_line_and_exit_code_2(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        var exitCode = TokenCommand.Execute(arguments, "/nonexistent", TimeProvider.System, output, errors);

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(2));
            Assert.That(output.ToString(), Is.Empty);
            Assert.That(errors.ToString().TrimEnd(), Does.StartWith("usage: ").And.Not.Contain("\n"));
        });
    }

    private static Task<TokenValidationResult> ReadAsync(string token, string key) => new JsonWebTokenHandler().ValidateTokenAsync(
        token,
        new TokenValidationParameters
        {
            ValidIssuer = AccessTokens.Issuer,
            ValidAudience = AccessTokens.Issuer,
            IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)),
            LifetimeValidator = (notBefore, expires, _, _) => notBefore < expires,
        });
}
