using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Counts what Npgsql tells of statements.</summary>
internal sealed class StatementCount : ILoggerFactory, ILogger
{
    private const int Completed = 2001;
    private int _value;

    public int Value => _value;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => categoryName == "Npgsql.Command" ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == Completed) Interlocked.Increment(ref _value);
    }

    public void Dispose()
    {
    }
}
