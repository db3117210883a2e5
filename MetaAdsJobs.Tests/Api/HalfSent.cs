using System.Net.Sockets;
using System.Text;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>A request whose last byte is sent when it is told to, and whose answer is seen also before.</summary>
internal sealed class HalfSent(TcpClient connection) : IDisposable
{
    /// <summary>The answer's first line.</summary>
    public Task<string?> Answer { get; } = new StreamReader(connection.GetStream()).ReadLineAsync();

    public static async Task<HalfSent> StartAsync(Uri service, string body, string subject, string path = "/meta/clips", string type = "application/json")
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(service.Host, service.Port);
        var bytes = Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: {service.Authority}\r\nAuthorization: Bearer {Service.Token("manager", subject)}\r\n"
            + $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await connection.GetStream().WriteAsync(bytes.AsMemory(..^1));
        return new(connection);
    }

    public async Task SendRestAsync() => await connection.GetStream().WriteAsync("}"u8.ToArray());

    public void Dispose() => connection.Dispose();
}
