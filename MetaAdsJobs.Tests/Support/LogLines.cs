using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Keeps what is logged to it.</summary>
internal class LogLines : ILogger
{
    private readonly ConcurrentQueue<(int Event, LogLevel Level, string Text)> _lines = [];

    public IReadOnlyCollection<(int Event, LogLevel Level, string Text)> Lines => _lines;

    public IEnumerable<string> Said => _lines.Select(line => line.Text);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Enqueue((eventId.Id, logLevel, formatter(state, exception)));
}

/// <summary>The same, of one type's log.</summary>
internal sealed class LogLines<T> : LogLines, ILogger<T>;
