using System.Globalization;
using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MetaAdsJobs.Core.Events.Delivering;
using MimeKit;
using AuthenticationException = MailKit.Security.AuthenticationException;

namespace MetaAdsJobs.Core.Events.Mailing;

/// <summary>
/// Hands one mail to the configured server. Its Message-Id is the event's: sent again after an answer that was lost, it is known as the same. Of what the server says nothing but its code is told.
/// </summary>
internal sealed class MailSender(SmtpOptions smtp, EventOptions options, TimeProvider time)
{
    public const string Scheme = "mailto";

    /// <param name="url">mailto: and the address.</param>
    public async Task<DeliveryAnswer> SendAsync(Uri url, Guid id, DateTimeOffset at, string subject, string body, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        if (!smtp.CanMail) return Failed("no mail server is configured (SMTP_HOST)");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var client = new SmtpClient { Timeout = options.TimeoutSeconds * 1000 };
            await client.ConnectAsync(smtp.Host!, smtp.Port, smtp.Security switch { SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect, SmtpSecurity.None => SecureSocketOptions.None, _ => SecureSocketOptions.StartTls }, either.Token);
            if (smtp.User is not null) await client.AuthenticateAsync(smtp.User, smtp.Password!, either.Token);
            using var mail = Mail(url, id, at, subject, body);
            await client.SendAsync(mail, either.Token);
            // It has it: what comes after that changes nothing.
            await client.DisconnectAsync(quit: false, CancellationToken.None);
            return new((int)SmtpStatusCode.Ok, Elapsed(), null);
        }
        catch (SmtpCommandException exception)
        {
            return new((int)exception.StatusCode, Elapsed(), string.Create(CultureInfo.InvariantCulture, $"SMTP {(int)exception.StatusCode}{(exception.ErrorCode == SmtpErrorCode.RecipientNotAccepted ? ": the address is not taken" : "")}"));
        }
        catch (Exception exception) when (exception is AuthenticationException or System.Security.Authentication.AuthenticationException)
        {
            return Failed("the mail server does not take SMTP_USER with SMTP_PASSWORD");
        }
        catch (ServiceNotAuthenticatedException)
        {
            return Failed("the mail server wants a login (SMTP_USER, SMTP_PASSWORD)");
        }
        catch (Exception exception) when (exception is SslHandshakeException or NotSupportedException)
        {
            return Failed("the mail server cannot be talked to encrypted, or its certificate is not right (SMTP_SECURITY)");
        }
        catch (Exception exception) when (exception is SocketException or IOException or ProtocolException or ServiceNotConnectedException)
        {
            return Failed("the mail server cannot be reached, or broke off");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed($"the mail server did not answer within {options.TimeoutSeconds} s");
        }

        DeliveryAnswer Failed(string reason) => new(null, Elapsed(), reason);

        int Elapsed() => (int)Math.Min(int.MaxValue, time.GetElapsedTime(began).TotalMilliseconds);
    }

    private MimeMessage Mail(Uri url, Guid id, DateTimeOffset at, string subject, string body)
    {
        var from = MailboxAddress.Parse(smtp.From!);
        var mail = new MimeMessage { Subject = subject, Date = at, MessageId = $"{id}@{from.Domain}", Body = new TextPart("plain") { Text = body } };
        mail.From.Add(from);
        mail.To.Add(MailboxAddress.Parse(AddressOf(url)));
        // So that absence notices stay away.
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        return mail;
    }

    /// <summary>What stands behind mailto:.</summary>
    public static string AddressOf(Uri url) => Uri.UnescapeDataString(url.AbsoluteUri[(Scheme.Length + 1)..]);
}
