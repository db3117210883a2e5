using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Targeting;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Choosing;

/// <summary>
/// Asks Meta what a token reaches, so that ids are chosen and not typed: with a token that is only shown for that and kept nowhere, or with that of an account. Somebody waits for it.
/// </summary>
public sealed class ListChoices
{
    private const string Token = "access_token";
    private const string AdAccount = "ad_account_id";
    private static readonly TimeSpan UsualAbsence = TimeSpan.FromSeconds(5);
    private readonly NpgsqlDataSource _dataSource;
    private readonly MetaAssets _assets;
    private readonly AccountQuestions _questions;

    internal ListChoices(NpgsqlDataSource dataSource, MetaAssets assets, AccountQuestions questions) => (_dataSource, _assets, _questions) = (dataSource, assets, questions);

    /// <param name="body">access_token, and if wanted ad_account_id: whose pixels and Instagram accounts.</param>
    public async Task<Choices> ExecuteAsync(JsonElement body, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var token = AccountValidation.ReadToken(fields, isNew: true);
        var adAccountId = AccountValidation.ReadAdAccount(fields, isNew: false);
        fields.RefuseUnknown();
        if (errors.Any) return new Choices.Invalid(errors);
        try
        {
            return new Choices.Found(await AskAsync(new(adAccountId ?? "me", token!), adAccountId is not null, ct));
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled)
        {
            return new Choices.NotNow(exception.ForUser, NotNowReason.Throttled, exception.RetryAfter ?? UsualAbsence);
        }
        catch (MetaException exception) when (exception.Proof is Proof.NotSent or Proof.OutcomeUnknown)
        {
            return new Choices.NotNow(exception.ForUser, NotNowReason.Away, UsualAbsence);
        }
        catch (MetaException exception)
        {
            errors.Add(Token, exception.ForUser);
            return new Choices.Invalid(errors);
        }
    }

    /// <summary>
    /// What the account's own token reaches, with the pixels and Instagram accounts of its ad account. One token may be for many clients: whoever does not see all accounts is told of ad accounts and pages
    /// that accounts use which he sees, and of no others.
    /// </summary>
    public async Task<Choices> ExecuteAsync(Guid accountId, CancellationToken ct)
    {
        AccountChoices? found = null;
        var asked = await _questions.AskAsync(accountId, async (_, credential) =>
        {
            found = await AskAsync(credential, isNamed: true, ct);
            return new TargetingFound.Options([]);
        }, ct);
        return asked switch
        {
            TargetingFound.NotNow notNow => new Choices.NotNow(notNow.Why, notNow.Reason, notNow.RetryAfter),
            TargetingFound.UnknownAccount unknown => new Choices.UnknownAccount(unknown.Id),
            _ => new Choices.Found(AccountScope.IsAll ? found! : await OfScopeAsync(found!, ct)),
        };
    }

    private async Task<AccountChoices> OfScopeAsync(AccountChoices all, CancellationToken ct)
    {
        const string UsedSql = "SELECT ad_account_id, page_id FROM social_accounts WHERE id = ANY (@Scope)";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var used = (await connection.QueryAsync<(string AdAccountId, string PageId)>(new(UsedSql, new { Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
        var (adAccounts, pages) = (used.Select(one => one.AdAccountId).ToHashSet(), used.Select(one => one.PageId).ToHashSet());
        return all with
        {
            AdAccounts = new([.. all.AdAccounts.Items.Where(one => adAccounts.Contains(one.AdAccountId))], More: false, all.AdAccounts.Refused),
            Pages = new([.. all.Pages.Items.Where(one => pages.Contains(one.Id))], More: false, all.Pages.Refused),
        };
    }

    // A token that may not do all of it is good for the rest: only of ad accounts everything hangs on the answer.
    private async Task<AccountChoices> AskAsync(GraphCredential credential, bool isNamed, CancellationToken ct)
    {
        var (accounts, more) = await _assets.ListAdAccountsAsync(credential, ct);
        var pages = await AssetsAsync(() => _assets.ListPagesAsync(credential, ct));
        var pixels = isNamed ? await AssetsAsync(() => _assets.ListPixelsAsync(credential, ct)) : null;
        var instagram = isNamed ? await AssetsAsync(() => _assets.ListInstagramAsync(credential, ct)) : null;
        return new(new(await WithTakenAsync(accounts, ct), more, null), pages, pixels, instagram);
    }

    private static async Task<ChoicesOf<AssetChoice>> AssetsAsync(Func<Task<(IReadOnlyList<ReachedAsset> Found, bool More)>> list)
    {
        try
        {
            var (found, more) = await list();
            return new([.. found.Select(one => new AssetChoice(one.Id, one.Name))], more, null);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Rejected or Proof.AccountBlocked)
        {
            return new([], false, exception.ForUser);
        }
    }

    private async Task<IReadOnlyList<AdAccountChoice>> WithTakenAsync(IReadOnlyList<ReachedAccount> accounts, CancellationToken ct)
    {
        var takenSql = $"""
            SELECT {AccountPairs.AtMeta("ad_account_id")}, CASE WHEN {AccountScope.Is("id")} THEN id END AS id FROM social_accounts
            WHERE retired_at IS NULL AND double_of IS NULL AND {AccountPairs.AtMeta("ad_account_id")} = ANY (@MetaIds)
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var taken = (await connection.QueryAsync<(string Digits, Guid? Id)>(new(takenSql, new { MetaIds = accounts.Select(one => one.Id[4..]).ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct)))
            .ToDictionary(one => one.Digits, one => one.Id);
        return [.. accounts.Select(one => new AdAccountChoice(one.Id, one.Name, one.Currency, one.TimezoneName, one.Status is { } status ? status == 1 : null, taken.ContainsKey(one.Id[4..]), taken.GetValueOrDefault(one.Id[4..])))];
    }
}
