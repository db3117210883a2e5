using System.Text.Json;
using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Which caps each account has had, in hundredths a day, and how long each may have been in force.</summary>
internal sealed class CapBook(History history, int weight)
{
    // So long before it is sent a call may have been permitted.
    private static readonly TimeSpan LongestPermit = TimeSpan.FromMinutes(4);
    private readonly Dictionary<string, List<Cap>> _caps = [];
    private readonly Random? _lowers = !history.IsOfNumbers && weight % 11 == 6 ? new(unchecked((weight * 43) + 9)) : null;
    private int _left = 4;

    /// <summary>Of an eleventh of the histories somebody lowers a cap while something is activated.</summary>
    public bool LowersMidway => _lowers is not null;

    public void Starts(string adAccountId, long cents) => _caps[adAccountId] = [new(cents, history.Clockwork.Now) { AnsweredAt = history.Clockwork.Now }];

    /// <param name="cents">What the body makes it; the largest number for none.</param>
    public void At(double seconds, string what, (Guid Id, string AdAccountId, string Name) account, long cents, Func<string> body)
    {
        Cap? cap = null;
        history.Script.At(seconds, what, async (api, ct) =>
        {
            if (cap is null) _caps[account.AdAccountId].Add(cap = new(cents, history.Clockwork.Now));
            var saved = await api.Get<SaveAccount>().ChangeAsync(account.Id, JsonElement.Parse(body()), ct);
            if (saved is not Saved<SocialAccount>.Done && !history.Retires.IsRetired(account.Id)) throw new InvalidOperationException($"{what}: {saved}");
            cap.AnsweredAt = history.Clockwork.Now;
            // What was answered before this was asked for is over; of others nobody knows which came first, and once there is none another changes nothing.
            foreach (var other in _caps[account.AdAccountId].Where(other => other != cap && other.Cents < long.MaxValue && other.AnsweredAt <= cap.AskedAt)) other.EndedAt ??= history.Clockwork.Now;
        });
    }

    public void At(double seconds, (Guid Id, string AdAccountId, string Name) account, long cents) => At(seconds, $"caps {account.Name} at {cents}", account, cents, () => $$"""{"daily_cap_cents":{{cents}}}""");

    /// <summary>The largest that was in force when a call may have been permitted that was sent then, or since: another may have been permitted beside it before it was carried out.</summary>
    public long LargestFor(string adAccountId, DateTimeOffset sentAt) => _caps[adAccountId].Where(cap => !(cap.EndedAt < sentAt - LongestPermit)).Max(cap => cap.Cents);

    /// <summary>A call is about to be sent.</summary>
    public void Sends(GraphCall call)
    {
        if (_lowers is null || _left == 0 || history.Clockwork.Now >= history.Script.CalmFrom || !call.Activates || history.World.Objects.FirstOrDefault(one => one.Id == call.Path) is not { Kind: not "campaigns" } thing) return;
        _left--;
        At(_lowers.Next(8) / 100.0, history.Script.Accounts.First(one => one.AdAccountId == thing.AccountId), _lowers.Next(1, 4) * 5000);
    }

    private sealed record Cap(long Cents, DateTimeOffset AskedAt)
    {
        public DateTimeOffset? AnsweredAt { get; set; }

        public DateTimeOffset? EndedAt { get; set; }
    }
}
