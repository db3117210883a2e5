using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Tests.Meta.Pacing;

/// <summary>What one process tells the others of an account's limit, and what it makes of what they tell.</summary>
[TestFixture]
public sealed class PaceNewsTests : PacingTests
{
    [Test]
    public void Only_what_matters_to_others_is_news_and_once()
    {
        Saw(Account, 74);
        Assert.That(_pacing.TakeNews(), Is.Empty);
        Saw(Account, 80);
        Assert.That(_pacing.TakeNews().Single().Percent, Is.EqualTo(80));
        Saw(Account, 81);
        Assert.That(_pacing.TakeNews(), Is.Empty, "hardly other than before");
        Saw(Account, 84);
        Assert.That(_pacing.TakeNews(), Has.Count.EqualTo(1));
        Saw(Account, 20);
        Assert.That(_pacing.TakeNews().Single().Percent, Is.EqualTo(20), "others would stay slow");
        Saw(Account, 30);
        Assert.That(_pacing.TakeNews(), Is.Empty);
    }

    [Test]
    public void A_block_is_told_at_once_and_what_was_not_told_is_news_still()
    {
        Assert.That(_pacing.NewBlock.IsCompleted, Is.False);
        for (var call = 0; call < 20; call++) _pacing.Throttled(Account, TimeSpan.FromSeconds(30), "too many calls");
        Assert.That(_pacing.NewBlock.IsCompleted);

        var news = _pacing.TakeNews();
        Assert.That(news.Single().BlockedUntil, Is.EqualTo(_time.GetUtcNow().AddSeconds(30)));
        Assert.That(_pacing.NewBlock.IsCompleted, Is.False);
        Assert.That(_pacing.TakeNews(), Is.Empty);
        _pacing.Untold(news);
        Assert.That(_pacing.TakeNews(), Has.Count.EqualTo(1));
    }

    [Test]
    public void What_is_learnt_from_others_counts_and_is_not_told_back()
    {
        _pacing.Learn(new("act_1", UseCase.AdsManagement, _time.GetUtcNow().AddSeconds(10), 100, TimeSpan.Zero, "another was throttled"));

        Assert.That(Refused(Enter(Account)).Message, Is.EqualTo("another was throttled"));
        Assert.That(_pacing.TakeNews(), Is.Empty);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(Enter(Account).IsCompletedSuccessfully);
        Assert.That(() => Enter(Account), Throws.InstanceOf<MetaException>(), "one tries, here too");
        _pacing.Learn(new("act_1", UseCase.AdsManagement, null, 5, TimeSpan.Zero, null));
        Assert.That(Enter(Account).IsCompletedSuccessfully);
    }

    [Test]
    public void Usage_is_told_as_Meta_told_it_also_in_a_block_and_is_not_told_where_Meta_told_none()
    {
        Saw(Account, 97);
        _pacing.Throttled(Other, TimeSpan.FromMinutes(5), "too many calls");
        var news = _pacing.TakeNews().ToDictionary(one => one.AdAccountId, one => one.Percent);
        Assert.That(news, Is.EquivalentTo(new Dictionary<string, double?> { ["act_1"] = 97, ["act_2"] = null }));

        _pacing.Learn(new("act_3", UseCase.AdsManagement, _time.GetUtcNow().AddMinutes(5), 30, TimeSpan.FromSeconds(2), "another was throttled"));
        Assert.That(_pacing.TakeNews(), Is.Empty, "it was learnt from others");
    }

    [Test]
    public void One_who_hears_of_a_block_when_it_is_over_tries_with_one_call_unless_another_has()
    {
        _pacing.Learn(new("act_1", UseCase.AdsManagement, _time.GetUtcNow().AddSeconds(-2), 30, TimeSpan.FromSeconds(5), "too many calls"));
        Assert.That(Enter(Account).IsCompletedSuccessfully);
        Assert.That(() => Enter(Account), Throws.InstanceOf<MetaException>());

        _pacing.Learn(new("act_2", UseCase.AdsManagement, _time.GetUtcNow().AddSeconds(-2), 30, TimeSpan.FromSeconds(1), "too many calls"));
        Assert.That(Enumerable.Range(0, 5).All(_ => Enter(Other).IsCompletedSuccessfully));
    }

    [Test]
    public void One_who_was_answered_after_a_block_that_it_had_not_heard_of_goes_on()
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        Saw(Account, 30);
        _pacing.Learn(new("act_1", UseCase.AdsManagement, _time.GetUtcNow().AddSeconds(-2), 30, TimeSpan.FromSeconds(5), "too many calls"));
        Assert.That(Enumerable.Range(0, 5).All(_ => Enter(Account).IsCompletedSuccessfully));
    }

    [Test]
    public void Usage_read_before_a_block_does_not_open_the_way_after_it()
    {
        _pacing.Learn(new("act_1", UseCase.AdsManagement, _time.GetUtcNow().AddSeconds(10), 30, TimeSpan.FromSeconds(2), "too many calls"));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(Enter(Account).IsCompletedSuccessfully);
        Assert.That(() => Enter(Account), Throws.InstanceOf<MetaException>());
    }

    [Test]
    public void Older_news_of_others_does_not_replace_what_was_just_read()
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        Saw(Account, 5);
        _pacing.Learn(new("act_1", UseCase.AdsManagement, null, 90, TimeSpan.FromSeconds(30), null));
        Enter(Account);
        Assert.That(Enter(Account).IsCompletedSuccessfully);
    }
}
