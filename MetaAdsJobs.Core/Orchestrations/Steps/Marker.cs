using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// The token in a Meta object's name by which it is found again. One alphanumeric word, so that no search tears it apart:
/// "maj", 80 bits of a hash in base 32, and a letter for the step. The readable name stands before it.
/// </summary>
internal static class Marker
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string For(Guid requestId, int round, string step) => For($"{requestId:N}/{round}") + step switch
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
