using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.Core.People;

/// <summary>What opens a door: 256 bits at random, shown once; kept is its SHA-256, which nobody guesses back, so that no salt is needed.</summary>
public sealed record Secret(string Text)
{
    /// <summary>Keys begin so: they are told from tokens, and found by who looks for lost ones.</summary>
    public const string KeyMark = "maj_";

    private const int ShownLength = 10;
    private const int RandomBytes = 32;
    private static readonly int RandomLength = Base64Url.GetEncodedLength(RandomBytes);
    private static readonly SearchValues<char> RandomLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public byte[] Hash => HashOf(Text);

    /// <summary>To know it by.</summary>
    public string Shown => Text[..ShownLength];

    /// <summary>What is not of this form is no key, without a look at those that there are.</summary>
    public static bool MayBeKey(string text) => text.Length == KeyMark.Length + RandomLength && text.StartsWith(KeyMark, StringComparison.Ordinal) && text.AsSpan(KeyMark.Length).IndexOfAnyExcept(RandomLetters) < 0;

    public static Secret MakeKey() => new(KeyMark + Random());

    public static Secret MakeLink() => new(Random());

    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
}
