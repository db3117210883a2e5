using MetaAdsJobs.Core.Events.Signing;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>A message as it came: its headers, and its body byte for byte.</summary>
public sealed record SignedMessage(string? Id, string? Timestamp, string? Signatures, ReadOnlyMemory<byte> Body);

/// <summary>What a look at a message's signature has shown.</summary>
public abstract record SignatureCheck
{
    private SignatureCheck() { }

    /// <param name="PublisherId">Whose it is.</param>
    /// <param name="AsOf">When that publisher had changed last: the check was made by what it is since.</param>
    public sealed record Signed(Guid PublisherId, DateTimeOffset AsOf) : SignatureCheck;

    /// <summary>Its publisher is switched off.</summary>
    public sealed record Off : SignatureCheck;

    /// <param name="IsLate">It is signed, at a time that is too far from our clock. Of all others no reason is told.</param>
    public sealed record Refused(bool IsLate) : SignatureCheck;
}

/// <summary>Whether a message is a publisher's: the signature is the only thing that tells. Nobody can ask here whether there is a publisher of some name.</summary>
public sealed class CheckSignature
{
    // For a name that is none: it takes as long to say no to.
    private static readonly string Nobodys = StandardWebhooks.NewSecret();

    private readonly PublisherStore _store;
    private readonly PublisherSecrets _secrets;
    private readonly TimeProvider _time;
    private readonly ILogger<CheckSignature> _logger;

    internal CheckSignature(PublisherStore store, PublisherSecrets secrets, TimeProvider time, ILogger<CheckSignature> logger) => (_store, _secrets, _time, _logger) = (store, secrets, time, logger);

    public async Task<SignatureCheck> ExecuteAsync(string? publisher, SignedMessage message, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        var signer = publisher is { Length: > 0 and <= 50 } && !publisher.Any(char.IsControl) ? await _store.FindSignerAsync(publisher, now, ct) : null;
        var verdict = StandardWebhooks.Verify(signer is null ? [Nobodys] : SecretsOf(signer, publisher!), message.Id, message.Timestamp, message.Signatures, message.Body.Span, now);
        if (signer is not null && verdict != Verification.Valid) PublisherLog.NotSigned(_logger, publisher!, verdict.ToString());
        if (signer is null || verdict != Verification.Valid) return new SignatureCheck.Refused(signer is not null && verdict is Verification.TooOld or Verification.TooNew);
        return signer.IsOn ? new SignatureCheck.Signed(signer.Id, signer.UpdatedAt) : new SignatureCheck.Off();
    }

    /// <summary>Whether a message that has waited for its turn is signed with a secret that is taken now. Its time was judged when it came.</summary>
    internal async Task<bool> IsStillSignedAsync(string publisher, SignedMessage message, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        if (await _store.FindSignerAsync(publisher, now, ct) is not { } signer) return false;
        var verdict = StandardWebhooks.Verify(SecretsOf(signer, publisher), message.Id, message.Timestamp, message.Signatures, message.Body.Span, now);
        return verdict is Verification.Valid or Verification.TooOld or Verification.TooNew;
    }

    private List<string> SecretsOf(Signer signer, string name)
    {
        var open = new List<string>();
        if (_secrets.TryOpen(signer.Secret) is { } secret) open.Add(secret);
        else PublisherLog.Unreadable(_logger, name);
        open.AddRange(signer.FormerSecrets.Select(_secrets.TryOpen).OfType<string>());
        return open.Count == 0 ? [Nobodys] : open;
    }
}
