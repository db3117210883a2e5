using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MetaAdsJobs.Tests.Support;

/// <summary>A mail as it came.</summary>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, string Text)
{
    public string? Header(string name) => Text.Split("\r\n").TakeWhile(line => line.Length > 0).FirstOrDefault(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..];
}

/// <summary>A mail server that speaks SMTP on a port of this machine: it takes what comes, or what the test says. With a certificate it encrypts, and takes a login.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private readonly X509Certificate2? _certificate;
    private readonly bool _encryptsAtOnce;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<ReceivedMail> _taken = new();
    private readonly ConcurrentQueue<(string, bool)> _heard = new();
    private readonly Task _accepting;

    /// <param name="certificate">Null: it cannot encrypt.</param>
    /// <param name="encryptsAtOnce">From the first byte; else when it is asked to.</param>
    public MailServer(X509Certificate2? certificate = null, bool encryptsAtOnce = false)
    {
        (_certificate, _encryptsAtOnce) = (certificate, encryptsAtOnce);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What it says to a command; null: what it usually does.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    public IReadOnlyList<ReceivedMail> Taken => [.. _taken];

    /// <summary>Every line that was said to it, and whether nobody else could read it.</summary>
    public IReadOnlyList<(string Line, bool IsEncrypted)> Heard => [.. _heard];

    /// <summary>One of this machine, which nobody trusts who was not told to.</summary>
    public static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        var asked = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        asked.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = asked.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true) sessions.Add(TalkAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using var connected = client;
        Stream stream = client.GetStream();
        try
        {
            if (_encryptsAtOnce) stream = await EncryptAsync(stream);
            var (reader, writer) = Over(stream);
            await writer.WriteLineAsync("220 test ESMTP");
            var (from, to) = ("", new List<string>());
            while (await reader.ReadLineAsync(_stopping.Token) is { } line)
            {
                var command = line.Split(' ', ':')[0].ToUpperInvariant();
                _heard.Enqueue((line, stream is SslStream));
                if (Answer(line) is { } said)
                {
                    await writer.WriteLineAsync(said);
                    continue;
                }

                switch (command)
                {
                    case "EHLO":
                        // Whoever logs in without encryption has only himself to blame: it offers that.
                        await writer.WriteAsync($"250-test\r\n250-8BITMIME\r\n{(_certificate is not null && stream is not SslStream ? "250-STARTTLS\r\n" : "")}250-AUTH PLAIN\r\n250 SMTPUTF8\r\n");
                        break;
                    case "STARTTLS" when _certificate is not null:
                        await writer.WriteLineAsync("220 go on");
                        stream = await EncryptAsync(stream);
                        (reader, writer) = Over(stream);
                        break;
                    case "AUTH":
                        await writer.WriteLineAsync("235 known");
                        break;
                    case "MAIL":
                        (from, to) = (line, []);
                        await writer.WriteLineAsync("250 ok");
                        break;
                    case "RCPT":
                        to.Add(line[(line.IndexOf('<') + 1)..line.IndexOf('>')]);
                        await writer.WriteLineAsync("250 ok");
                        break;
                    case "DATA":
                        await writer.WriteLineAsync("354 go on");
                        var text = new StringBuilder();
                        while (await reader.ReadLineAsync(_stopping.Token) is { } part and not ".") text.Append(part.StartsWith("..", StringComparison.Ordinal) ? part[1..] : part).Append("\r\n");
                        _taken.Enqueue(new(from, to, text.ToString()));
                        await writer.WriteLineAsync("250 taken");
                        break;
                    case "QUIT":
                        await writer.WriteLineAsync("221 bye");
                        return;
                    default:
                        await writer.WriteLineAsync("502 not here");
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The other side has gone, or the test is over.
        }
    }

    private async Task<SslStream> EncryptAsync(Stream stream)
    {
        var encrypted = new SslStream(stream);
        await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopping.Token);
        return encrypted;
    }

    private static (StreamReader Reader, StreamWriter Writer) Over(Stream stream) => (new(stream, Encoding.UTF8), new(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true });

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }
}
