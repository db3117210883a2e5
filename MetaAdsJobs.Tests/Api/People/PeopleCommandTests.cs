using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Api.People;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>./run user|key, and the same of the program: the first admin, and the way back in when nobody can sign in any more.</summary>
[TestFixture]
public sealed class PeopleCommandTests
{
    private Service _service = null!;
    private ServiceProvider _core = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _core = InProcess.Configure(_service.Database.ConnectionString, time: null);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public async Task A_user_is_added_gets_a_link_and_a_key_and_loses_them_again()
    {
        var mail = $"{Guid.NewGuid():N}@example.com";
        var user = await OneLineAsync("user", "add", "--mail", mail, "--name", "Ann", "--role", "manager", "--all");
        using var admin = _service.Client();
        var added = (await admin.GetAsync($"/meta/users/{user}")).Json;
        Assert.That(((string?)added["mail"], (string?)added["name"], (string?)added["role"], (bool?)added["all_accounts"]), Is.EqualTo((mail, "Ann", "manager", true)));

        Assert.That(await OneLineAsync("user", "link", "--mail", mail, "--url", "https://ads.example.com/"), Does.StartWith("https://ads.example.com/signin/link?secret="));
        Assert.That(await OneLineAsync("user", "link", "--mail", mail.ToUpperInvariant()), Does.StartWith("/signin/link?secret="), "whatever its letters");

        var secret = await OneLineAsync("key", "add", "--mail", mail, "--name", "laptop", "--days", "30");
        using var program = _service.With(secret);
        Assert.That((string?)(await program.GetAsync("/meta/me")).Json["name"], Is.EqualTo(mail));
        var key = (await admin.GetAsync($"/meta/users/{user}/keys")).Json["items"]![0]!;
        Assert.That(DateTimeOffset.Parse((string)key["expires_at"]!, CultureInfo.InvariantCulture), Is.EqualTo(TimeProvider.System.GetUtcNow().AddDays(30)).Within(TimeSpan.FromMinutes(5)));
        Assert.That(await OneLineAsync("user", "list", "--search", mail), Is.EqualTo($"{mail}\tmanager\ton\tAnn"));
        Assert.That(await OneLineAsync("key", "list", "--mail", mail), Does.StartWith($"{key["id"]}\tmanager\tlive\t2").And.EndWith("\tlaptop"));
        Assert.That(await OneLineAsync("key", "revoke", "--id", (string)key["id"]!), Is.EqualTo(secret[..((string)key["shown"]!).Length]));
        Assert.That((await program.GetAsync("/meta/me")).Code, Is.EqualTo(401));
        Assert.That(await OneLineAsync("key", "list", "--mail", mail), Does.Contain("\trevoked\t"));

        using var second = _service.With(await OneLineAsync("key", "add", "--mail", mail, "--name", "another"));
        Assert.That((await second.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        Assert.That(await OneLineAsync("user", "disable", "--mail", mail), Is.EqualTo(mail));
        Assert.That((await second.GetAsync("/meta/me")).Code, Is.EqualTo(401));

        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var told = (await connection.QueryAsync<(string Person, string Action)>("SELECT person, kind || ' ' || action FROM recorded_acts WHERE object = @user ORDER BY id", new { user })).AsList();
        Assert.That(told, Is.EqualTo([("operator", "user made"), ("operator", "user link made"), ("operator", "user link made"), ("operator", "user changed")]));
    }

    [Test]
    public async Task A_user_and_a_key_of_some_accounts_and_groups_are_made_by_it_too()
    {
        using var admin = _service.Client();
        var (seen, spent) = (await admin.AddAccountAsync(), await admin.AddAccountAsync());
        var group = (string)(await admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid():N}", ["account_ids"] = new JsonArray() })).Json["id"]!;
        var mail = $"{Guid.NewGuid():N}@example.com";
        var user = await OneLineAsync("user", "add", "--mail", mail, "--role", "manager", "--see", $"{seen},{group}", "--spend", spent);
        var added = (await admin.GetAsync($"/meta/users/{user}")).Json;
        Assert.That(added["accounts"]!.AsArray().ToDictionary(one => (string)one!["id"]!, one => (bool)one!["may_spend"]!), Is.EquivalentTo(new Dictionary<string, bool> { [seen] = false, [spent] = true }));
        Assert.That(added["groups"]!.AsArray().Select(one => ((string?)one!["id"], (bool)one["may_spend"]!)), Is.EqualTo([((string?)group, false)]));

        using var program = _service.With(await OneLineAsync("key", "add", "--mail", mail, "--name", "reader", "--role", "viewer", "--see", seen));
        var me = (await program.GetAsync("/meta/me")).Json;
        Assert.That(((string?)me["role"], me["account_ids"]!.AsArray().Select(id => (string?)id).Single()), Is.EqualTo(("viewer", seen)));
    }

    [TestCase(2, "usage:", "user")]
    [TestCase(2, "usage:", "user", "add", "--mail", "bob@example.com", "--see", "an account")]
    [TestCase(2, "usage:", "user", "add", "--mail", "bob@example.com", "--spend", ",")]
    [TestCase(1, "there is no social account", "user", "add", "--mail", "bob@example.com", "--see", "7d0c0000-0000-4000-8000-00000000ffff")]
    [TestCase(1, "all_accounts must be false", "user", "add", "--mail", "bob@example.com", "--all", "--see", "7d0c0000-0000-4000-8000-00000000ffff")]
    [TestCase(2, "usage:", "user", "add")]
    [TestCase(2, "usage:", "user", "add", "ann@example.com")]
    [TestCase(2, "usage:", "user", "add", "--mail")]
    [TestCase(2, "usage:", "key", "revoke", "--id", "x")]
    [TestCase(2, "usage:", "key", "add", "--mail", "admin@example.com", "--name", "x", "--days", "soon")]
    [TestCase(2, "usage:", "key", "add", "--mail", "admin@example.com", "--name", "x", "--days", "0")]
    [TestCase(2, "usage:", "key", "add", "--mail", "admin@example.com", "--name", "x", "--days", "36501")]
    [TestCase(2, "usage:", "key", "add", "--mail", "admin@example.com", "--name", "x", "--days", "9999999")]
    [TestCase(2, "usage:", "user", "add", "--mail", "bob@example.com", "--all", "--rol", "viewer")]
    [TestCase(2, "usage:", "user", "add", "--mail", "bob@example.com", "--role=viewer", "--all")]
    [TestCase(2, "usage:", "user", "add", "--mail", "bob@example.com", "--mail", "ben@example.com")]
    [TestCase(2, "usage:", "user", "link", "--mail", "bob@example.com", "--all")]
    [TestCase(2, "usage:", "user", "remove", "--mail", "bob@example.com")]
    [TestCase(1, "There is no user nobody@example.com.", "user", "link", "--mail", "nobody@example.com")]
    [TestCase(1, "There is none.", "key", "revoke", "--id", "7d0c0000-0000-4000-8000-00000000ffff")]
    [TestCase(1, "role must be one of", "user", "add", "--mail", "a@b", "--role", "owner")]
    [TestCase(1, "mail ", "user", "add", "--mail", "nobody")]
    public async Task What_is_wrong_is_told_and_nothing_is_printed_for_a_script_to_take(int exitCode, string why, params string[] arguments)
    {
        if (arguments.Contains("--days")) await RunAsync("user", "add", "--mail", "admin@example.com");
        var (code, output, errors) = await RunAsync(arguments);
        Assert.That((code, output), Is.EqualTo((exitCode, "")), errors);
        Assert.That(errors, Does.Contain(why));
    }

    /// <summary>By the launcher and the program that it hands on to: one line, and nothing else is printed.</summary>
    [Test]
    public async Task The_launcher_hands_it_on_to_the_program()
    {
        var mail = $"{Guid.NewGuid():N}@example.com";
        (string, string)[] settings = [("DATABASE_URL", _service.Database.ConnectionString), ("DATA_PROTECTION_KEY", Service.DataProtectionKey)];
        await using var add = Launcher.Start(["user", "add", "--mail", mail, "--all"], settings);
        Assert.That(await add.EndAsync(), Is.Zero, add.Errors);
        Assert.That(Guid.TryParse(add.Output.Trim(), out _), add.Output);
        await using var key = Launcher.Start(["key", "add", "--mail", mail, "--name", "first"], settings);
        Assert.That(await key.EndAsync(), Is.Zero, key.Errors);

        using var program = _service.With(key.Output.Trim());
        Assert.That((string?)(await program.GetAsync("/meta/me")).Json["role"], Is.EqualTo("admin"));
    }

    [Test]
    public async Task Where_nothing_is_served_the_launcher_says_so()
    {
        await using var launcher = Launcher.Start(["user", "link", "--mail", "a@b"]);
        Assert.That(await launcher.EndAsync(), Is.EqualTo(1));
        Assert.That((launcher.Output, launcher.Errors.Trim()), Is.EqualTo(("", "Nothing is served here: start ./run first, or name the database in DATABASE_URL.")));
    }

    private async Task<string> OneLineAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(output.Trim(), Does.Not.Contain("\n"));
        return output.Trim();
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var errors = new StringWriter();
        return (await PeopleCommand.ExecuteAsync(_core, arguments, output, errors, CancellationToken.None), output.ToString(), errors.ToString());
    }
}
