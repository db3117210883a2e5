using System.ComponentModel.DataAnnotations;
using MimeKit;

namespace MetaAdsJobs.Core.Events.Mailing;

public enum SmtpSecurity
{
    /// <summary>Plain first, encrypted before anything is said; a server that cannot is refused.</summary>
    StartTls,

    /// <summary>Encrypted from the first byte, usually on port 465.</summary>
    Tls,

    /// <summary>Not at all: for a relay on the same machine.</summary>
    None,
}

/// <summary>The server that mails are handed to. Without a host there are none.</summary>
public sealed class SmtpOptions : IValidatableObject
{
    public const string Section = "Smtp";

    /// <summary>SMTP_HOST: null: no mails.</summary>
    public string? Host { get; set; }

    /// <summary>SMTP_PORT. Default 587.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>SMTP_SECURITY: starttls (default), tls or none.</summary>
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>SMTP_USER: null: the server asks for none.</summary>
    public string? User { get; set; }

    /// <summary>SMTP_PASSWORD.</summary>
    public string? Password { get; set; }

    /// <summary>SMTP_FROM: whom mails are from, such as ads@example.com.</summary>
    public string? From { get; set; }

    public bool CanMail => !string.IsNullOrWhiteSpace(Host);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!CanMail) yield break;
        if (!MailboxAddress.TryParse(From ?? "", out _)) yield return new("must be a mail address such as ads@example.com when there is a SMTP_HOST", [nameof(From)]);
        if (User is null != Password is null) yield return new("is needed together with the other of SMTP_USER and SMTP_PASSWORD", [User is null ? nameof(User) : nameof(Password)]);
        if (User is not null && Security == SmtpSecurity.None) yield return new("must be starttls or tls: a password would be sent readable by all", [nameof(Security)]);
    }
}
