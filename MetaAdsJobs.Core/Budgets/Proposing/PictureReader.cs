using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>A pool and how it looks now, or looked on a day before.</summary>
internal sealed record SeenPool(BudgetPool Pool, SocialAccount Account, PoolPicture Picture, IReadOnlyDictionary<string, MemberStanding> Members)
{
    public long Cents(long units) => Currency.ToHundredths(Account.Currency, units);
}

/// <summary>Makes pictures of pools from what is stored: some eight statements, however many pools. Nothing is asked of Meta.</summary>
internal sealed class PictureReader(SpendingCaps caps, InsightsOptions insights)
{
    // What can still change by itself: Meta counts results within a week of the click, and tells of them within another day.
    private const int Unsettled = 8;
    private const int Settled = 28;
    private static readonly TimeSpan Recently = TimeSpan.FromDays(1);

    /// <param name="daysBack">For each of the last so many days: as the night after it would have seen it, by the numbers that stand there now. Freezes, stops, experiments and other proposals of that time are left out.</param>
    /// <returns>By pool; of several days the earliest first, the last being now.</returns>
    public async Task<IReadOnlyList<IReadOnlyList<SeenPool>>> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyList<BudgetPool> pools, DateTimeOffset now, int daysBack, CancellationToken ct)
    {
        if (pools.Count == 0) return [];
        var accountIds = pools.Select(pool => pool.SocialAccountId).Distinct().ToArray();
        var ids = pools.SelectMany(pool => pool.Members).Select(member => member.MetaId).Distinct().ToArray();
        var accounts = await PoolFacts.AccountsAsync(connection, transaction, accountIds, ct);
        var standing = await PoolFacts.StandingAsync(connection, transaction, pools, now, ct);
        var members = await PoolFacts.MembersAsync(connection, transaction, ids, ct);
        var latest = standing.Values.Max(one => one.Today);
        var from = standing.Values.Min(one => one.Today).AddDays(-PoolPicture.Window - daysBack - 1);
        // What is owed for longer than anything else is looked back may have been given by hand as long ago.
        var changedSince = standing.Values.Where(one => one.OwedCents > 0).Select(one => one.OwedSince).Append(now.AddDays(-PoolPicture.Window - daysBack - 2)).Min()!.Value;
        var changes = await PoolFacts.ChangesAsync(connection, transaction, ids, changedSince, ct);
        var days = await PoolNumbers.DaysAsync(connection, transaction, accountIds, from, latest, insights.NightlyTime, ct);
        List<(Guid Account, string Campaign, string Id)> OfLevel(string level) =>
            [.. pools.Where(pool => pool.Level == level).SelectMany(pool => pool.Members.Where(member => members.ContainsKey(member.MetaId)).Select(member => (pool.SocialAccountId, members[member.MetaId].CampaignId, member.MetaId)))];
        var numbers = new[]
        {
            await PoolNumbers.MembersAsync(connection, transaction, BudgetPool.Campaigns, OfLevel(BudgetPool.Campaigns), from, latest, ct),
            await PoolNumbers.MembersAsync(connection, transaction, BudgetPool.AdSets, OfLevel(BudgetPool.AdSets), from, latest, ct),
        };
        var firsts = await PoolNumbers.FirstSeenAsync(connection, transaction, [.. OfLevel(BudgetPool.Campaigns), .. OfLevel(BudgetPool.AdSets)], latest.AddDays(-Settled - Unsettled), latest.AddDays(-Unsettled), ct);
        var restated = await PoolNumbers.RestatedAsync(connection, transaction, accountIds, ids, latest.AddDays(-Settled), latest.AddDays(-Unsettled - 1), now - Recently, ct);
        var compared = await ExperimentMembers.ListAsync(connection, transaction, ids, ct);
        return [.. pools.Select(pool => (IReadOnlyList<SeenPool>)[.. Enumerable.Range(0, daysBack + 1).Select(n => daysBack - n).Select(ago =>
            new Maker(pool, accounts[pool.SocialAccountId], caps, members, changes, days[pool.SocialAccountId].ToList(), numbers[pool.Level == BudgetPool.Campaigns ? 0 : 1], firsts, ago == 0 ? restated : NothingRestated, ago == 0 ? compared : None)
                .Make(standing[pool.Id], now, ago))])];
    }

    private static readonly Dictionary<string, double> NothingRestated = [];
    private static readonly HashSet<string> None = [];

    private sealed class Maker(
        BudgetPool pool, SocialAccount account, SpendingCaps caps, IReadOnlyDictionary<string, MemberStanding> standings, ILookup<string, MemberChange> changes, IReadOnlyList<WholeDay> days, ILookup<string, NumberRow> numbers,
        ILookup<string, FirstSeen> firsts, IReadOnlyDictionary<string, double> restated, IReadOnlySet<string> compared)
    {
        private long? Units(long? cents) => cents is { } amount ? Currency.FromHundredths(account.Currency, amount) : null;

        public SeenPool Make(PoolStanding standing, DateTimeOffset now, int ago)
        {
            var (today, at, zone) = (standing.Today.AddDays(-ago), now.AddDays(-ago), TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName));
            var whole = days.Where(day => day.Day < today && day.Day >= today.AddDays(-PoolPicture.Window - 1)).OrderBy(day => day.Day).ToList();
            DateOnly? last = whole.Count == 0 ? null : whole[^1].Day;
            var week = whole.Where(day => day.Day > last?.AddDays(-Rails.Week)).ToList();
            var (told, differs) = (week.Sum(day => Math.Abs(day.AccountSpend ?? 0)), week.Sum(day => Math.Abs(day.Difference ?? 0)));
            var seen = pool.Members.SelectMany(member => standings.TryGetValue(member.MetaId, out var one) ? [one.CampaignId] : Array.Empty<string>()).Distinct().SelectMany(campaign => firsts[campaign]).ToList();
            var picture = new PoolPicture
            {
                Now = at, Today = today, LastDay = last, WholeDays = whole.Select(day => day.Day).ToHashSet(), Difference = differs == 0 ? 0 : told == 0 ? 1 : (double)(differs / told), Offset = Currency.Offset(account.Currency),
                IsUnreconciled = week.Exists(day => day.Difference is null),
                IsFrozen = ago == 0 && standing.IsFrozen, IsSyncing = ago == 0 && standing.IsSyncing, IsStopped = ago == 0 && standing.IsStopped, IsUnderWay = ago == 0 && standing.IsUnderWay, Owed = ago == 0 ? OwedUnits(standing) : 0,
                IsAtCap = last is not null && caps.OfDay(account) is { } cap && (whole[^1].TotalSpend ?? 0) * 100 >= cap, MetaMinimum = account.MinDailyBudget,
                FirstShare = Evidence.FirstShare((double)seen.Sum(one => one.First), (double)seen.Sum(one => one.Now)), MostStep = pool.MaxStepPercent, LeastGain = (double)pool.LeastGainPercent,
                Members = [.. pool.Members.Select(member => MemberOf(member, whole, today, at, zone, standing.Minimums, ago == 0))],
            };
            return new(pool, account, picture, standings);
        }

        // Whoever has given members more by hand since has made up for it; what they have moved from one to another is no more.
        private long OwedUnits(PoolStanding standing)
        {
            var given = pool.Members.SelectMany(member => changes[member.MetaId]).Where(change => !change.IsByPool && change.At > standing.OwedSince).Sum(change => change.BecameCents - change.WasCents ?? 0);
            return Units(Math.Max(0, standing.OwedCents - Math.Max(0, given))) ?? 0;
        }

        private PoolMember MemberOf(BudgetPoolMember of, List<WholeDay> whole, DateOnly today, DateTimeOffset at, TimeZoneInfo zone, MinimumBudgets minimums, bool isNow)
        {
            // Deleted here since it became a member: nothing is known of it.
            if (!standings.TryGetValue(of.MetaId, out var standing)) return new() { MetaId = of.MetaId, Budget = null, IsGone = true };
            var history = new MemberHistory(changes[of.MetaId], standing.DailyBudget is { } units ? Currency.ToHundredths(account.Currency, units) : null);
            var rows = numbers[of.MetaId].ToDictionary(row => row.Day);
            var memberDays = whole.ConvertAll(day => rows.TryGetValue(day.Day, out var row)
                ? new MemberDay(day.Day, (double?)row.Spend, (double?)row.Results, BudgetOn(day.Day)) : new MemberDay(day.Day, 0, 0, BudgetOn(day.Day)));
            var firstSpend = memberDays.Find(day => day.Spend > 0)?.Day;
            var budget = standing.DailyBudget is null ? null : Units(history.BudgetAt(at));
            // What had spent before it was made here was made elsewhere, and has learned.
            DateTimeOffset? made = standing.CreatedAt <= at && (firstSpend is null || firstSpend >= DayOf(standing.CreatedAt)) ? standing.CreatedAt : null;
            var big = history.BigBefore(at);
            return new()
            {
                MetaId = of.MetaId, Name = standing.Name, Budget = budget, Least = Units(of.MinCents), Most = Units(of.MaxCents), MetaMinimum = minimums.For(standing.Goal), IsOn = !isNow || standing.IsOn, IsGone = standing.IsGone(at),
                Goal = rows.Values.Where(row => row.ResultType is not null && row.Day < today).MaxBy(row => row.Day)?.ResultType, CapRoom = RoomOf(standing), IsInExperiment = compared.Contains(of.MetaId) || compared.Contains(standing.CampaignId),
                IsBeingChanged = isNow && standing.IsBeingChanged, ChangedByHandAt = history.ByHandBefore(at), LastMovedOn = history.ByPoolBefore(at) is { } moved ? DayOf(moved) : null, LearnsSince = big > made || made is null ? big : made,
                Restated = restated.GetValueOrDefault(of.MetaId), Days = memberDays,
            };

            DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).DateTime);

            // As it was at noon: changes are rare, and this is the greater part of the day.
            long? BudgetOn(DateOnly day) => Units(history.BudgetAt(new DateTimeOffset(day.ToDateTime(new TimeOnly(12, 0)), zone.GetUtcOffset(day.ToDateTime(new TimeOnly(12, 0))))));
        }

        // Of several members of one campaign each has its part of what is left under the campaign's cap.
        private long? RoomOf(MemberStanding standing)
        {
            if (caps.OfCampaign(account) is not { } cap) return null;
            var together = pool.Members.Count(member => standings.TryGetValue(member.MetaId, out var other) && other.CampaignId == standing.CampaignId);
            return (cap / (Currency.Offset(account.Currency) == 100 ? 1 : 100) - standing.CampaignDaily) / Math.Max(1, together);
        }
    }
}
