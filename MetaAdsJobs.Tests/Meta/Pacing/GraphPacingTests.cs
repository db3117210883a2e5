using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;

namespace MetaAdsJobs.Tests.Meta.Pacing;

[TestFixture]
public sealed class GraphPacingTests : PacingTests
{
    [Test]
    public void Without_usage_nobody_waits()
    {
        for (var call = 0; call < 1000; call++) Assert.That(Enter(Account).IsCompletedSuccessfully);
        Assert.That(_pacing.TakeNews(), Is.Empty);
    }

    [Test]
    public void A_throttled_account_sends_nothing_until_its_time_is_over_and_others_go_on()
    {
        Assert.That(_pacing.Throttled(Account, TimeSpan.FromSeconds(90), "too many calls"), Is.EqualTo(TimeSpan.FromSeconds(90)));

        _time.Advance(TimeSpan.FromSeconds(89));
        var refused = Refused(Enter(Account));
        Assert.That((refused.Proof, refused.RetryAfter, refused.Message), Is.EqualTo((Proof.Throttled, (TimeSpan?)TimeSpan.FromSeconds(1), "too many calls")));
        Assert.That(Enter(Other).IsCompletedSuccessfully);
        Assert.That(Enter(Account.For(UseCase.AdsInsights)).IsCompletedSuccessfully, "reports have a limit of their own");

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Enter(Account).IsCompletedSuccessfully);
    }

    [Test]
    public void After_a_block_one_call_tries_and_the_rest_wait_for_its_answer()
    {
        _pacing.Throttled(Account, TimeSpan.FromMinutes(20), "too many calls");
        _time.Advance(TimeSpan.FromMinutes(20));

        Assert.That(Enter(Account).IsCompletedSuccessfully);
        var waits = Enumerable.Range(0, 20).Select(_ => Refused(Enter(Account)).RetryAfter!.Value).ToList();
        Assert.That(waits, Is.Unique.And.Ordered);
        Assert.That(waits[^1], Is.LessThan(TimeSpan.FromSeconds(5)));

        Saw(Account, 3);
        Assert.That(Enumerable.Range(0, 20).All(_ => Enter(Account).IsCompletedSuccessfully));
    }

    [Test]
    public void An_answer_that_tells_nothing_ends_the_trying_too()
    {
        _pacing.Throttled(Account, null, "too many calls");
        _pacing.Saw(Account, []);
        _time.Advance(PaceRules.UsualBlock);
        Assert.That(Enter(Account).IsCompletedSuccessfully);
        Assert.That(() => Enter(Account), Throws.InstanceOf<MetaException>(), "what was answered in the block is no answer to the try");

        _pacing.Saw(Account, []);

        // Only the usage of the throttling itself is remembered, and there was none.
        Assert.That(Enter(Account).IsCompletedSuccessfully);
    }

    [Test]
    public async Task Calls_are_spaced_at_80_percent_and_those_that_wait_long_are_sent_away_one_after_the_other()
    {
        Saw(Account, 80);
        var spacing = PaceRules.Spacing(80, 1);
        var calls = Enumerable.Range(0, 4).Select(_ => Enter(Account)).ToList();
        Assert.That(calls.Select(call => call.IsCompleted), Is.EqualTo([true, false, false, false]));

        var away = Enumerable.Range(0, 3).Select(_ => Refused(Enter(Account)).RetryAfter!.Value).ToList();
        Assert.That(away[0], Is.GreaterThan(TimeSpan.FromSeconds(1)));
        Assert.That((away[1] - away[0], away[2] - away[1]), Is.EqualTo((spacing, spacing)));

        _time.Advance(spacing);
        Assert.That(calls.Select(call => call.IsCompleted), Is.EqualTo([true, true, false, false]));
        _time.Advance(spacing * 2);
        await Task.WhenAll(calls);
    }

    [Test]
    public void Two_processes_go_half_as_fast_each()
    {
        _pacing.Processes = 2;
        Saw(Account, 80);
        Enter(Account);
        var second = Enter(Account);

        _time.Advance(PaceRules.Spacing(80, 1));
        Assert.That(second.IsCompleted, Is.False);
        _time.Advance(PaceRules.Spacing(80, 1));
        Assert.That(second.IsCompleted, Is.True);
    }

    [Test]
    public void Usage_is_forgotten_after_five_minutes()
    {
        Saw(Account, 94);
        _time.Advance(PaceRules.Memory);
        Assert.That(Enumerable.Range(0, 9).All(_ => Enter(Account).IsCompletedSuccessfully));
    }

    [Test]
    public async Task A_page_in_the_midst_of_a_report_waits_where_another_call_is_sent_away()
    {
        var reader = Account.For(UseCase.AdsInsights);
        _pacing.Saw(Account, [new(UseCase.AdsInsights, 0, 100, null)]);
        await Enter(reader);
        Assert.That(() => Enter(reader), Throws.InstanceOf<MetaException>());

        var page = Enter(reader.Patient());
        _time.Advance(TimeSpan.FromSeconds(3));
        await page;
    }

    [Test]
    public void From_95_percent_on_only_what_is_urgent_goes_out()
    {
        Saw(Account, 96);
        Assert.That(() => Enter(Account), Throws.InstanceOf<MetaException>());
        Assert.That(Enumerable.Range(0, 10).All(_ => Enter(Account.Urgent(), mutates: true).IsCompletedSuccessfully));
        Assert.That(Enter(Account.Urgent(), mutates: true).IsCompleted, Is.False, "Meta's own limit a second holds for it too");
    }

    [Test]
    public void What_stops_spending_has_the_whole_rate_however_many_processes_there_are()
    {
        _pacing.Processes = 20;
        Assert.That(Enumerable.Range(0, 10).All(_ => Enter(Account.Urgent(), mutates: true).IsCompletedSuccessfully));
    }

    [Test]
    public async Task What_stops_spending_does_not_wait_behind_turns_that_others_were_given()
    {
        var others = Enumerable.Range(0, 100).Select(_ => Enter(Account.Patient(), mutates: true)).ToList();
        Assert.That(others.Count(call => call.IsCompleted), Is.EqualTo(10));
        var stops = Enumerable.Range(0, 20).Select(_ => Enter(Account.Urgent(), mutates: true)).ToList();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(stops.Count(call => call.IsCompleted), Is.EqualTo(10), "only what was sent already counts");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(stops);
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.That(others.Count(call => call.IsFaulted), Is.GreaterThanOrEqualTo(10), "those whose turn came meanwhile give way");
    }

    [Test]
    public void While_a_stop_is_being_carried_out_other_changes_of_the_account_yield_and_its_reads_and_other_accounts_do_not()
    {
        Enter(Account.Urgent(), mutates: true);
        Assert.That(Refused(Enter(Account, mutates: true)).Message, Is.EqualTo("a stop of this account goes first"));
        Assert.That(Enter(Account).IsCompletedSuccessfully && Enter(Other, mutates: true).IsCompletedSuccessfully);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Enter(Account, mutates: true).IsCompletedSuccessfully);

        Enter(Account.Urgent(), mutates: true);
        Assert.That(Enter(Account.Unyielding(), mutates: true).IsCompletedSuccessfully, "what was permitted to activate has to end before the stop can");
        _time.Advance(TimeSpan.FromSeconds(2));

        // The same when another process does it.
        _pacing.Braked = new HashSet<string> { "act_1" };
        Assert.That(Refused(Enter(Account, mutates: true)).RetryAfter, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(Enter(Account.Urgent(), mutates: true).IsCompletedSuccessfully && Enter(Other, mutates: true).IsCompletedSuccessfully);
    }

    [Test]
    public void More_processes_than_changes_a_second_make_one_in_so_many_seconds_each()
    {
        _pacing.Processes = 25;
        Assert.That(Enter(Account, mutates: true).IsCompletedSuccessfully);
        _time.Advance(TimeSpan.FromSeconds(1.4));
        var away = Refused(Enter(Account, mutates: true));
        Assert.That(away.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1.1)));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.That(Enter(Account, mutates: true).IsCompletedSuccessfully);
    }

    [TestCase(50, 1, 50, 1)]
    [TestCase(50, 20, 2, 1)]
    [TestCase(50, 50, 1, 1)]
    [TestCase(50, 100, 1, 2)]
    [TestCase(1, 3, 1, 3)]
    public void All_shares_together_are_never_more_than_the_limit(int perSecond, int processes, int calls, double within) =>
        Assert.That(PaceRules.Share(perSecond, processes), Is.EqualTo(new PaceShare(calls, TimeSpan.FromSeconds(within))));

    [TestCase(10, 1)]
    [TestCase(10, 3)]
    [TestCase(10, 10)]
    public void However_many_processes_press_an_account_no_second_holds_more_changes_than_the_limit(int perSecond, int processes)
    {
        // A hundred campaigns that are paused by hand are a hundred edits, of all processes.
        foreach (var credential in (GraphCredential[])[Account, Account.UrgentInShare()])
        {
            var sent = Press(perSecond, processes, TimeSpan.FromSeconds(10), credential);
            var fullest = sent.Max(first => sent.Count(at => at >= first && at - first < TimeSpan.FromSeconds(1)));
            Assert.That(fullest, Is.InRange(perSecond / processes * processes, perSecond), $"urgent: {credential.IsUrgent}");
        }
    }

    [Test]
    public void More_processes_than_the_limit_stay_below_it_in_the_long_run() =>
        Assert.That(Press(10, 25, TimeSpan.FromSeconds(50), Account), Has.Count.InRange(10 * 47, 10 * 50));

    /// <summary>Each process has always one more change to send, and begins at a moment of its own.</summary>
    /// <returns>When changes were sent.</returns>
    private List<TimeSpan> Press(int perSecond, int processes, TimeSpan length, GraphCredential credential)
    {
        var step = TimeSpan.FromMilliseconds(50);
        var workers = Enumerable.Range(0, processes).Select(_ => new GraphPacing(new() { MutationsPerSecond = perSecond }, _time) { Processes = processes }).ToList();
        var next = new Task?[processes];
        var sent = new List<TimeSpan>();
        for (var at = TimeSpan.Zero; at < length; at += step)
        {
            for (var worker = 0; worker < processes && worker <= at / step / 3; worker++)
                while ((next[worker] ??= workers[worker].EnterAsync(credential, mutates: true, CancellationToken.None).AsTask()).IsCompleted)
                {
                    var isSent = next[worker]!.IsCompletedSuccessfully;
                    next[worker] = null;
                    if (!isSent) break;
                    sent.Add(at);
                }

            _time.Advance(step);
        }

        return sent;
    }

    [Test]
    public void What_waits_its_turn_is_not_sent_into_a_block_that_began_meanwhile()
    {
        Saw(Account, 80);
        Enter(Account);
        var waiting = Enter(Account);

        _pacing.Throttled(Account, TimeSpan.FromMinutes(1), "too many calls");
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(Refused(waiting).Proof, Is.EqualTo(Proof.Throttled));
    }

    [Test]
    public void Changes_of_one_account_stay_below_the_limit_and_its_reads_and_other_accounts_do_not_wait()
    {
        var calls = Enumerable.Range(0, 20).Select(_ => Enter(Account, mutates: true)).ToList();
        Assert.That(calls.Count(call => call.IsCompleted), Is.EqualTo(10));
        Assert.That(Enter(Account).IsCompleted && Enter(Other, mutates: true).IsCompleted);
        var away = Refused(Enter(Account, mutates: true));
        Assert.That(away.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(2)));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(calls.Count(call => call.IsCompleted), Is.EqualTo(20));
    }

    [Test]
    public void A_wait_ends_with_the_one_who_waits()
    {
        using var stop = new CancellationTokenSource();
        Saw(Account, 80);
        Enter(Account);
        var waiting = _pacing.EnterAsync(Account, false, stop.Token).AsTask();
        stop.Cancel();
        Assert.That(() => waiting, Throws.InstanceOf<OperationCanceledException>());
    }
}
