using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>The things an orchestration creates or does at Meta, in their order. Names are stored and shown: they never change.</summary>
internal static class StepName
{
    public const string Campaign = "campaign";
    public const string AdSet = "adset";
    public const string Media = "media";
    public const string Creative = "creative";
    public const string Ad = "ad";
    public const string Activate = "activate";
    public const string Validate = "validate";

    /// <summary>A step of another than the first ad set, or of another than its first ad; those of the first have the plain names.</summary>
    /// <param name="set">From 1 on.</param>
    public static string OfAdSet(int set) => set == 1 ? AdSet : $"{AdSet}:{set}";

    /// <inheritdoc cref="OfAdSet"/>
    public static string OfAd(string kind, int set, int ad) => (set, ad) == (1, 1) ? kind : $"{kind}:{set}.{ad}";

    /// <summary>The media of another than the first clip.</summary>
    public static string OfClip(int clip) => clip == 1 ? Media : $"{Media}:{clip}";

    /// <summary>What a step creates or does, whichever ad set or ad it is of.</summary>
    public static string KindOf(string step) => step.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? step[..colon] : step;

    /// <summary>By one POST that must never be repeated blindly; all others may be done again from the start.</summary>
    public static bool IsCreate(string step) => KindOf(step) is Campaign or AdSet or Creative or Ad;
}

internal static class StepState
{
    public const string Pending = "pending";
    public const string Started = "started";
    public const string Confirmed = "confirmed";
    public const string Deleted = "deleted";
    public const string Left = "left";
}

/// <summary>
/// The token in a Meta object's name by which it is found again. One alphanumeric word, so that no search tears it apart:
/// "maj", 80 bits of a hash in base 32, and a letter for the step. The readable name stands before it.
/// </summary>
internal static class Marker
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string For(Guid requestId, int round, string step) => For($"{requestId:N}/{round}{NodeOf(step)}") + StepName.KindOf(step) switch
    {
        StepName.Campaign => 'c',
        StepName.AdSet => 's',
        StepName.Creative => 'r',
        StepName.Ad => 'a',
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "is not found by a name"),
    };

    /// <summary>A clip's video in one ad account, whoever uploads it.</summary>
    public static string ForVideo(Guid clipId, string adAccountId) => For($"{clipId:N}/{adAccountId}") + 'v';

    public static string Name(string readable, string marker) => $"{readable} [{marker}]";

    /// <summary>The way back of <see cref="Name"/>; no marker where somebody has taken it out of the name.</summary>
    public static (string Readable, string? Marker) Split(string name) =>
        name.EndsWith(']') && name.LastIndexOf(" [maj", StringComparison.Ordinal) is >= 0 and var at ? (name[..at], name[(at + 2)..^1]) : (name, null);

    // Nothing for the first ad set and the first ad: theirs are those of a request for one.
    private static string NodeOf(string step) => step[StepName.KindOf(step).Length..];

    private static string For(string key)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(key));
        var word = new StringBuilder("maj", 20);
        for (var bit = 0; bit < 80; bit += 5)
        {
            var value = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
            word.Append(Alphabet[(value >> (11 - (bit % 8))) & 31]);
        }

        return word.ToString();
    }
}
