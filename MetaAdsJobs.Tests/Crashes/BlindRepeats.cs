using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>Between two POSTs of one name somebody must have looked for it, unless the first one's answer proved that nothing was done.</summary>
public static class BlindRepeats
{
    public static void AssertNone(IReadOnlyList<RecordedCall> calls)
    {
        var repeated = calls.Where(call => call.IsCreate && call.Edge != "adimages").GroupBy(call => (call.Edge, Name: call["name"])).Where(posts => posts.Count() > 1).ToList();
        Assert.That(repeated, Is.Not.Empty, "nothing was created twice: the faults before acting did not bite");
        foreach (var posts in repeated)
        {
            var name = posts.Key.Name!;
            var marker = name[(name.LastIndexOf('[') + 1)..^1];
            foreach (var (first, second) in posts.Zip(posts.Skip(1)))
            {
                var looks = calls.Where(call => call.Method == "GET" && call.At > first.At && call.At < second.At);
                Assert.That(looks.Any(look => look["filtering"]?.Contains(marker, StringComparison.Ordinal) == true || look["title"] == marker || look.Edge == first.Edge)
                    || name.Contains("throttled", StringComparison.Ordinal), Is.True, $"{name} was posted twice without a look in between");
            }
        }
    }
}
