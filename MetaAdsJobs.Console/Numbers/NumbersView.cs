using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Console.Numbers;

/// <summary>The numbers of a page, and of its CSV: both show this.</summary>
public sealed class NumbersView
{
    private const int MostShares = 50;
    private Dictionary<DateOnly, NumberDay> _days = [];
    private Dictionary<DateOnly, NumberDay> _before = [];

    private NumbersView(NumbersQuery query, NumberAccount? account, string currency, IReadOnlyList<NumberCurrency> currencies, DateOnly today) =>
        (Query, Account, Currency, Currencies, Today) = (query, account, currency, currencies, today);

    public NumbersQuery Query { get; }

    /// <summary>Null for all accounts of the currency.</summary>
    public NumberAccount? Account { get; }

    /// <summary>What was asked for is not there.</summary>
    public bool IsUnknown => (Query.AccountId is not null || Query.CampaignId is not null) && Account is null || IsUnknownCampaign;

    /// <summary>The account is there, but nothing has ever told of such a campaign of it: it has no numbers, not zeros.</summary>
    public bool IsUnknownCampaign { get; private set; }

    public string? CampaignName { get; private set; }
    public string Currency { get; }
    public IReadOnlyList<NumberCurrency> Currencies { get; }

    /// <summary>The account's own day.</summary>
    public DateOnly Today { get; }
    public DateOnly Since { get; private set; }
    public DateOnly Until { get; private set; }

    /// <summary>More days were asked for than are shown at once.</summary>
    public bool IsCut { get; private set; }

    /// <summary>In order, without gaps.</summary>
    public IReadOnlyList<DateOnly> Days { get; private set; } = [];

    /// <summary>The days that were read.</summary>
    public IReadOnlyList<NumberDay> Read { get; private set; } = [];
    public Tally Total { get; private set; } = Tally.Of([]);

    /// <summary>What is held against the days before: those that were read whole, as the ones that stand against them.</summary>
    public Tally Whole { get; private set; } = Tally.Of([]);

    /// <summary>Of the days that stand against them; null when it was not asked for or there are none.</summary>
    public Tally? Before { get; private set; }

    /// <summary>A day was left out of what is compared.</summary>
    public bool ComparesLess { get; private set; }

    /// <summary>How many of the days before were read.</summary>
    public int ReadBefore { get; private set; }

    /// <summary>An account's campaigns, or all accounts, by what they have spent.</summary>
    public IReadOnlyList<NumberShare> Shares { get; private set; } = [];

    /// <summary>When the campaigns of the whole range are too many to be added up: the first day that is.</summary>
    public DateOnly? SharesSince { get; private set; }

    /// <summary>Of how many accounts a day is to be read.</summary>
    public long AccountsOfAll => Account is not null ? 1 : InCurrency?.InUse ?? 0;

    private NumberCurrency? InCurrency => Currencies.FirstOrDefault(one => one.Currency == Currency);

    public NumberDay? On(DateOnly day) => _days.GetValueOrDefault(day);

    /// <summary>The day that stands in the period before where this one stands in its own.</summary>
    public NumberDay? BeforeOf(DateOnly day) => _before.GetValueOrDefault(day.AddDays(-Days.Count));

    // Of several accounts some have their night later than others, or none. Those that came later, or are retired, are missed by no day.
    private bool IsWhole(NumberDay day) =>
        !day.IsPartial && day.Accounts >= Math.Min(AccountsOfAll, Read.Concat(_before.Values).Where(earlier => earlier.Date < day.Date).Select(earlier => (long)earlier.Accounts).DefaultIfEmpty().Max());

    public IReadOnlyList<DateOnly> Missing => [.. Days.Where(day => On(day) is null)];

    public IReadOnlyList<DateOnly> Partial => [.. Read.Where(day => day.IsPartial).Select(day => day.Date)];

    public static async Task<NumbersView> LoadAsync(NumbersQuery query, NumberReader reader, TimeProvider time, bool withShares, CancellationToken ct)
    {
        var account = query.AccountId is { } id ? await reader.FindAccountAsync(id, ct)
            : query.CampaignId is { } campaign ? await reader.FindAccountOfAsync(campaign, ct) : null;
        var currencies = await reader.ListCurrenciesAsync(ct);
        var currency = account?.Currency ?? currencies.FirstOrDefault(one => one.Currency == query.Currency)?.Currency ?? currencies.FirstOrDefault()?.Currency ?? "USD";
        var today = DateOnly.FromDateTime(account is null ? time.GetUtcNow().UtcDateTime : TimeZoneInfo.ConvertTime(time.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName)).DateTime);
        var view = new NumbersView(query, account, currency, currencies, today);
        if (!view.IsUnknown) await view.LoadAsync(reader, withShares, ct);
        return view;
    }

    private async Task LoadAsync(NumberReader reader, bool withShares, CancellationToken ct)
    {
        IsUnknownCampaign = Account is not null && Query.CampaignId is not null && !await reader.HasCampaignAsync(Account.Id, Query.CampaignId, ct);
        if (IsUnknownCampaign) return;
        (Since, Until) = Query.Days(Today);
        // Of all accounts together no more days than their number allows.
        var most = Account is not null ? NumbersQuery.MostDays
            : (int)Math.Clamp(NumberReader.MostRows / Math.Max(1, InCurrency?.Accounts ?? 0) / (Query.Compares ? 2 : 1), 1, NumbersQuery.MostDays);
        if (Until.DayNumber - Since.DayNumber + 1 > most) (Since, IsCut) = (Until.AddDays(1 - most), true);
        var accounts = withShares && Account is null ? reader.ListAccountsAsync(Currency, Since, Until, MostShares, ct) : Task.FromResult<IReadOnlyList<NumberShare>>([]);
        // With what it is compared to, and one day more before: that tells of how many accounts the first is to be.
        var days = ReadAsync(reader, Query.Compares ? Since.AddDays(Since.DayNumber - Until.DayNumber - 2) : Since, Until, ct);
        await Task.WhenAll(accounts, days);
        var read = (await days).Where(day => day.Date >= Since).ToList();
        Shares = await accounts;
        // A day that is not over and that nobody has read is not missing.
        if (Until == Today && read.All(day => day.Date != Today) && Since < Until) Until = Until.AddDays(-1);
        Days = [.. Enumerable.Range(0, Until.DayNumber - Since.DayNumber + 1).Select(Since.AddDays)];
        (Read, _days, Total) = (read, read.ToDictionary(day => day.Date), Tally.Of(read));
        if (Query.Compares)
        {
            _before = (await days).Where(day => day.Date < Since && day.Date >= Since.AddDays(-Days.Count - 1)).ToDictionary(day => day.Date);
            ReadBefore = _before.Values.Count(day => day.Date >= Since.AddDays(-Days.Count));
            // What was read in part, or of fewer accounts than before, stands for less than its day, and what was never read for nothing.
            var whole = read.Where(day => IsWhole(day) && BeforeOf(day.Date) is { } other && IsWhole(other)).ToList();
            (Whole, Before) = (Tally.Of(whole), whole.Count == 0 ? null : Tally.Of([.. whole.Select(day => BeforeOf(day.Date)!)]));
            ComparesLess = whole.Count < Math.Max(read.Count, ReadBefore);
        }

        if (!withShares || Account is null) return;
        if (Query.CampaignId is null) await LoadCampaignsAsync(reader, Account.Id, ct);
        else CampaignName = await reader.FindCampaignNameAsync(Query.CampaignId, ct);
    }

    private Task<IReadOnlyList<NumberDay>> ReadAsync(NumberReader reader, DateOnly since, DateOnly until, CancellationToken ct) =>
        Account is null ? reader.ListDaysOfAllAsync(Currency, since, until, ct) : reader.ListDaysAsync(Account.Id, Query.CampaignId, since, until, ct);

    // The newest days first, as long as their campaigns are not too many: each day tells how many it has.
    private async Task LoadCampaignsAsync(NumberReader reader, Guid accountId, CancellationToken ct)
    {
        var (rows, since) = (0, Until);
        foreach (var day in Read.Reverse())
        {
            rows += day.Campaigns;
            if (rows > NumberReader.MostRows && day.Date != Until) break;
            since = day.Date;
        }

        if (Read.Count > 0 && since > Read[0].Date) SharesSince = since;
        else since = Since;
        Shares = await reader.ListCampaignsAsync(accountId, since, Until, MostShares, ct);
    }
}
