using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Events;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>What an evaluation makes of what was measured, by a clock of its own.</summary>
[TestFixture]
public sealed class JudgeTests
{
    private static readonly Guid Account = Guid.Parse("7d0c0000-0000-4000-8000-000000000001");
    private static readonly DateOnly FirstDay = new(2026, 11, 1);

    private readonly Dictionary<WatchedKey, WatchState> _states = [];
    private readonly List<string> _messages = [];
    private readonly List<EpisodeTurn> _told = [];
    private List<Episode> _open = [];
    private DateTimeOffset _now;

    [SetUp]
    public void Begin()
    {
        _states.Clear();
        _messages.Clear();
        _told.Clear();
        _open = [];
        _now = DateTimeOffset.UnixEpoch.AddYears(56);
    }

    [Test]
    public void It_fires_at_once_is_told_once_and_is_over_when_all_were_well_for_the_cooldown()
    {
        var rule = Rule();
        Evaluate(rule, Breach("a"));
        Evaluate(rule, Breach("a"));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]));

        Wait(10);
        Evaluate(rule);
        Assert.That(_open.Single().QuietSince, Is.EqualTo(_now));
        Wait(59);
        Evaluate(rule);
        Assert.That(_messages, Has.Count.EqualTo(1), "not yet");
        Wait(1);
        Evaluate(rule);
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertResolved]));
        Assert.That(_open, Is.Empty);
        Assert.That(_states, Is.Empty, "there is nothing left to say");
    }

    [Test]
    public void Between_the_threshold_and_where_it_is_well_again_nothing_changes()
    {
        var rule = Rule();
        Evaluate(rule, Told("a", Measurement.Held));
        Assert.That(_messages, Is.Empty, "it does not fire there");
        Evaluate(rule, Breach("a"));
        Evaluate(rule, Told("a", Measurement.Held));
        Assert.That(_open.Single().QuietSince, Is.Null, "nor is it well");
        Evaluate(rule, Told("a", Measurement.Fine));
        Assert.That(_open.Single().QuietSince, Is.Not.Null);
    }

    /// <summary>Such as a price of results, of which there are none any more.</summary>
    [Test]
    public void What_fires_and_has_too_little_to_be_judged_by_is_well_when_it_is_judged_so_or_gone()
    {
        var rule = Rule();
        Evaluate(rule, Told("a", Measurement.TooLittle));
        Assert.That(_messages, Is.Empty, "it does not fire by that");
        Evaluate(rule, Breach("a"), Breach("b"));
        Wait(600);
        Evaluate(rule, Told("a", Measurement.TooLittle), Told("b", Measurement.TooLittle));
        Assert.That((_open.Single().QuietSince, _states.Values.Count(state => state.IsFiring)), Is.EqualTo(((DateTimeOffset?)null, 2)));
        Evaluate(rule, Told("b", Measurement.Fine));
        Assert.That((_open.Single().QuietSince, _states.Count), Is.EqualTo(((DateTimeOffset?)_now, 0)));
    }

    [Test]
    public void So_often_in_a_row_is_so_many_days_and_not_so_many_looks_at_one()
    {
        var rule = Rule(evaluations: 3);
        foreach (var day in (int[])[0, 0, 0, 0, 1, 1]) Evaluate(rule, Breach("a", day: day));
        Assert.That(_messages, Is.Empty);
        Evaluate(rule, Told("a", Measurement.Fine, day: 2));
        foreach (var day in (int[])[3, 4]) Evaluate(rule, Breach("a", day: day));
        Assert.That(_messages, Is.Empty, "it began anew");
        Evaluate(rule, Breach("a", day: 5));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]));
    }

    [Test]
    public void What_has_no_days_counts_every_look()
    {
        var rule = Rule(evaluations: 3);
        for (var look = 0; look < 2; look++) Evaluate(rule, Breach("a"));
        Assert.That(_messages, Is.Empty);
        Evaluate(rule, Breach("a"));
        Assert.That(_messages, Has.Count.EqualTo(1));
    }

    [Test]
    public void No_data_is_neither_well_nor_another_time_in_a_row()
    {
        var rule = Rule(evaluations: 2);
        Evaluate(rule, Breach("a", day: 0));
        Evaluate(rule, Told("a", Measurement.NoData));
        Evaluate(rule, Told("a", Measurement.NoData));
        Assert.That(_messages, Is.Empty);
        Evaluate(rule, Breach("a", day: 1));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]), "what was counted before still counts");

        Evaluate(rule, Told("a", Measurement.NoData));
        Wait(600);
        Evaluate(rule, Told("a", Measurement.NoData));
        Assert.That(_messages, Has.Count.EqualTo(1), "it has not recovered");
        var member = _open.Single().Members.Values.Single();
        Assert.That((member.HasData, member.RecoveredAt), Is.EqualTo((false, (DateTimeOffset?)null)));
        Assert.That(_states.Values.Single().NoDataSince, Is.EqualTo(_now.AddMinutes(-600)));

        Evaluate(rule, Breach("a", day: 2));
        Assert.That((_open.Single().Members.Values.Single().HasData, _open.Single().Members.Values.Single().Times), Is.EqualTo((true, 1)), "it fires on, and has not fired again");
        Evaluate(rule, Told("b", Measurement.NoData));
        Assert.That(_states.ContainsKey(new(Account, "b")), Is.True, "it is a state of its own");
    }

    [Test]
    public void A_thousand_that_break_at_once_make_three_messages_at_the_most_and_all_are_listed()
    {
        var rule = Rule();
        // As syncs come in: a first handful, then minute after minute the others.
        for (var minute = 0; minute < 40; minute++)
        {
            Evaluate(rule, [.. Enumerable.Range(0, Math.Min(1000, 25 * (minute + 1))).Select(n => Breach($"{n}"))]);
            Wait(1);
        }

        for (var minute = 0; minute < 300; minute++)
        {
            Evaluate(rule, minute < 90 ? [.. Enumerable.Range(0, 1000).Select(n => Breach($"{n}"))] : []);
            Wait(1);
        }

        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertUpdated, EventTypes.AlertResolved]));
        Assert.That(_told[1].After.Members, Has.Count.EqualTo(1000));
        Assert.That(_told[1].After.Members.Values.Select(member => member.ToldIn), Has.None.Null);
    }

    [Test]
    public void What_flaps_for_a_day_makes_two_messages()
    {
        var rule = Rule();
        for (var minute = 0; minute < 24 * 60; minute += 3)
        {
            Evaluate(rule, minute % 2 == 0 ? [Breach("a")] : []);
            Wait(3);
        }

        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]));
        Assert.That(_open.Single().Members.Values.Single().Times, Is.EqualTo(240));
        for (var minute = 0; minute < 70; minute++)
        {
            Evaluate(rule);
            Wait(1);
        }

        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertResolved]));
    }

    /// <summary>A built-in rule has one alert of all accounts: some object of some account may fire for months.</summary>
    [Test]
    public void What_was_well_for_the_cooldown_and_fires_again_is_told_again_while_others_fire_on()
    {
        var rule = Rule();
        Evaluate(rule, Breach("a"), Breach("b"));
        Evaluate(rule, Breach("a"));
        Wait(59);
        Evaluate(rule, Breach("a"), Breach("b"));
        Evaluate(rule, Breach("a"));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]), "within the cooldown it is the same");
        Wait(60);
        Evaluate(rule, Breach("a"), Breach("b"));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertUpdated]));
        Assert.That(_told[1].After.Members.Values.Select(member => (member.Object, member.Times, member.ToldIn)), Is.EquivalentTo(new (string, int, int?)[] { ("a", 1, 1), ("b", 3, 2) }));
    }

    [Test]
    public void A_thousand_that_flap_for_a_day_each_at_its_own_time_make_a_message_an_hour_while_new_ones_come_and_then_none()
    {
        var rule = Rule();
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            Evaluate(rule, [.. Enumerable.Range(0, 1000).Where(n => (minute + n) % 7 < 2 && n <= minute * 8).Select(n => Breach($"{n}"))]);
            Wait(1);
        }

        Assert.That(_messages.Count(message => message == EventTypes.AlertOpened), Is.EqualTo(1));
        Assert.That(_messages, Has.Count.LessThanOrEqualTo(5), "all had come after two hours");
    }

    [Test]
    public void By_account_there_is_one_alert_for_each()
    {
        var (rule, other) = (Rule() with { GroupBy = AlertRule.ByAccount }, Guid.NewGuid());
        Evaluate(rule, Breach("a"), Breach("b"), Breach("c") with { AccountId = other });
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertOpened]));
        Assert.That(_open.Select(episode => (episode.AccountId, episode.Members.Count)), Is.EquivalentTo(new (Guid?, int)[] { (Account, 2), (other, 1) }));
    }

    [Test]
    public void What_is_muted_is_told_nothing_more_of()
    {
        var rule = Rule();
        Evaluate(rule, Breach("a"));
        _open = [.. _open.Select(episode => episode with { MutedFor = [Account] })];
        Wait(61);
        Evaluate(rule, Breach("a"), Breach("b"));
        Wait(1);
        Evaluate(rule);
        Wait(61);
        Evaluate(rule);
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]));
        Assert.That(_open, Is.Empty, "it is over all the same");
    }

    /// <summary>Whoever muted it knows of his own: a rule of all accounts has one episode for them all.</summary>
    [Test]
    public void What_joins_a_muted_one_of_another_account_is_told()
    {
        var rule = Rule();
        Evaluate(rule, Breach("a"));
        _open = [.. _open.Select(episode => episode with { MutedFor = [Account] })];
        Wait(61);
        Evaluate(rule, Breach("a"), Breach("b"));
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened]), "of his it is not");
        Evaluate(rule, Breach("a"), Breach("b"), Breach("c") with { AccountId = Guid.NewGuid() });
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertUpdated]));
        Evaluate(rule);
        Wait(61);
        Evaluate(rule);
        Assert.That(_messages, Is.EqualTo([EventTypes.AlertOpened, EventTypes.AlertUpdated, EventTypes.AlertResolved]), "who was told hears of its end");
    }

    private RuleCounts Evaluate(AlertRule rule, params IReadOnlyList<Measurement> told)
    {
        var turn = RuleTurn.Of(rule, _states, _open, new(told.Count, 0, told), _now);
        foreach (var state in turn.States)
            if (state.IsPlain) _states.Remove(state.Key);
            else _states[state.Key] = state;
        _told.AddRange(turn.Episodes.Where(episode => episode.Message is not null));
        _messages.AddRange(turn.Episodes.Select(episode => episode.Message).OfType<string>());
        _open = [.. turn.Episodes.Select(episode => episode.After).Where(episode => episode.ClosedAt is null)];
        return turn.Counts;
    }

    private void Wait(int minutes) => _now = _now.AddMinutes(minutes);

    private static Measurement Breach(string name, int? day = null) => Told(name, Measurement.Breach, day);

    private static Measurement Told(string name, string verdict, int? day = null) =>
        new() { AccountId = Account, Object = name, Name = name, Verdict = verdict, Value = 1, DataDay = day is { } number ? FirstDay.AddDays(number) : null };

    private static AlertRule Rule(int evaluations = 1) => new()
    {
        Id = Guid.NewGuid(), Name = "A rule", Metric = "spend", Level = "campaign", WindowDays = 1, Compare = AlertRule.Value, Direction = AlertRule.Above, Threshold = 0, Evaluations = evaluations, CooldownMinutes = 60,
        Severity = "warning", GroupBy = AlertRule.ByRule, Enabled = true, CreatedBy = "tests", CreatedAt = default, UpdatedAt = default,
    };
}
