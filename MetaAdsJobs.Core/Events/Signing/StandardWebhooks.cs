using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.Core.Events.Signing;

/// <summary>What became of a signed message that came in.</summary>
public enum Verification
{
    Valid,

    /// <summary>No webhook-id, or none that an id can be.</summary>
    NoId,

    /// <summary>No webhook-timestamp, or no whole number of seconds.</summary>
    NoTimestamp,

    /// <summary>Sent longer ago than <see cref="StandardWebhooks.Tolerance"/>: perhaps somebody sends again what he has overheard.</summary>
    TooOld,

    /// <summary>Sent in the future.</summary>
    TooNew,

    /// <summary>No webhook-signature, or none of a version that is known.</summary>
    NoSignature,

    /// <summary>Another body, id or time than was signed, or another secret.</summary>
    WrongSignature,
}

/// <summary>
/// Signatures as Standard Webhooks has them (standardwebhooks.com, specification 1.0): HMAC-SHA256 over id, time and body with a secret that both sides
/// have, so that nobody else can send, change or send again later. While a secret is exchanged there is a signature with each.
/// </summary>
public static class StandardWebhooks
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";
    public const string SecretPrefix = "whsec_";

    /// <summary>How far a message's time may be from the clock of whoever checks it.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string Version = "v1,";
    private const int LongestHeader = 4096;
    private const int LongestId = 256;

    /// <summary>32 random bytes.</summary>
    public static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>What webhook-signature says: one signature for each secret, with spaces between.</summary>
    /// <param name="secrets">As they are handed out, whsec_ and base64; the newest first.</param>
    /// <param name="id">The message's; the same each time it is sent.</param>
    /// <param name="timestamp">Seconds since 1970, of this sending.</param>
    /// <param name="body">As it is sent, byte for byte.</param>
    /// <exception cref="FormatException">A secret is none.</exception>
    public static string Sign(IEnumerable<string> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var signatures = new List<string>();
        foreach (var secret in secrets) signatures.Add(Version + Convert.ToBase64String(Compute(secret, id, timestamp, body)));
        return string.Join(' ', signatures);
    }

    /// <summary>Whether a message was signed with one of the secrets, and now.</summary>
    /// <param name="secrets">As they are handed out.</param>
    /// <param name="id">Its webhook-id.</param>
    /// <param name="timestamp">Its webhook-timestamp.</param>
    /// <param name="signatures">Its webhook-signature.</param>
    /// <param name="body">As it came, byte for byte.</param>
    /// <param name="now">By the clock of whoever checks.</param>
    /// <exception cref="FormatException">A secret is none.</exception>
    public static Verification Verify(IEnumerable<string> secrets, string? id, string? timestamp, string? signatures, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        // With a full stop in it, the end of an id could as well be the beginning of the time.
        if (string.IsNullOrEmpty(id) || id.Length > LongestId || id.Any(c => c is <= ' ' or > '~' or '.')) return Verification.NoId;
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return Verification.NoTimestamp;
        var given = Given(signatures);
        if (given.Count == 0) return Verification.NoSignature;
        var isSigned = false;
        foreach (var secret in secrets)
        {
            var right = Compute(secret, id, seconds, body);
            foreach (var signature in given) isSigned |= CryptographicOperations.FixedTimeEquals(signature, right);
        }

        // Last: of a message that is not ours, not even its age is told.
        if (!isSigned) return Verification.WrongSignature;
        var (clock, most) = (now.ToUnixTimeSeconds(), (long)Tolerance.TotalSeconds);
        return seconds < clock - most ? Verification.TooOld : seconds > clock + most ? Verification.TooNew : Verification.Valid;
    }

    private static List<byte[]> Given(string? signatures)
    {
        var given = new List<byte[]>();
        if (signatures is null || signatures.Length > LongestHeader) return given;
        foreach (var one in signatures.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!one.StartsWith(Version, StringComparison.Ordinal)) continue;
            var bytes = new byte[HMACSHA256.HashSizeInBytes];
            // What is no base64 of that length is a signature all the same, and a wrong one.
            given.Add(Convert.TryFromBase64String(one[Version.Length..], bytes, out var length) && length == bytes.Length ? bytes : []);
        }

        return given;
    }

    private static byte[] Compute(string secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var key = Convert.FromBase64String(secret.StartsWith(SecretPrefix, StringComparison.Ordinal) ? secret[SecretPrefix.Length..] : throw new FormatException("A secret begins with whsec_."));
        if (key.Length == 0) throw new FormatException("A secret is not empty.");
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
