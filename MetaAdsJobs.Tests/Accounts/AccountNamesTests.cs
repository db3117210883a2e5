using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Accounts;

[TestFixture]
public sealed class AccountNamesTests
{
    /// <summary>A form that holds them and is sent would take away what is not on it.</summary>
    [Test]
    public async Task What_was_chosen_is_among_the_names_however_many_accounts_there_are()
    {
        await using var core = await InProcess.CreateAsync();
        var chosen = new[] { await core.AddAccountAsync(), await core.AddAccountAsync() };
        await core.Database.DataSource.DoAsync("""
            UPDATE social_accounts SET name = 'z';
            INSERT INTO social_accounts SELECT (jsonb_populate_record(NULL::social_accounts, to_jsonb(a) || jsonb_build_object('id', gen_random_uuid(), 'name', 'a' || n, 'ad_account_id', 'act_' || (5000000000 + n)))).*
            FROM (SELECT * FROM social_accounts LIMIT 1) a, generate_series(1, @Most + 1) n
            """, new { AccountNames.Most });
        var names = core.Get<AccountNames>();
        var first = (await names.ListWithAsync([], withRetired: true, CancellationToken.None)).Select(name => name.Name).ToList();
        Assert.That((first.Count, first.Contains("z")), Is.EqualTo((AccountNames.Most, false)));
        Assert.That((await names.ListWithAsync(chosen, withRetired: true, CancellationToken.None)).Where(name => name.Name == "z").Select(name => name.Id), Is.EquivalentTo(chosen));
    }
}
