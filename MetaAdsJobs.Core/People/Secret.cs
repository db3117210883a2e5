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

    public byte[] Hash => HashOf(Text);

    /// <summary>To know it by.</summary>
    public string Shown => Text[..ShownLength];

    public static Secret MakeKey() => new(KeyMark + Random());

    public static Secret MakeLink() => new(Random());

    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
