using System.Globalization;
using MetaAdsJobs.Core.Database.Servers;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// Reads DATABASE_URL in the forms people have at hand: postgres:// or postgresql://, with a driver's name as other languages
/// write it (postgresql+asyncpg://), or an Npgsql connection string. Messages name the key and never show the value, which holds
/// a password.
/// </summary>
public static class DatabaseUrl
{
    /// <exception cref="FormatException">The value cannot be read, or names no host or database.</exception>
    public static string ToConnectionString(string value)
    {
        var trimmed = value.Trim();
        var scheme = trimmed.IndexOf("://", StringComparison.Ordinal);
        var builder = scheme > 0 && trimmed[..scheme].All(c => char.IsAsciiLetterOrDigit(c) || c == '+')
            ? FromUrl(trimmed[..scheme], trimmed[(scheme + 3)..])
            : FromKeywords(trimmed);

        if (string.IsNullOrEmpty(builder.Host))
            throw new FormatException("DATABASE_URL names no host: postgresql://user:password@host:5432/database");
        if (string.IsNullOrEmpty(builder.Database))
            throw new FormatException("DATABASE_URL names no database: postgresql://user:password@host:5432/database");
        SetTarget(builder);
        return builder.ConnectionString;
    }

    // Of several hosts only the one that takes writes is of use. Of one alone, every new connection is looked at (ReadOnlyServerException).
    private static void SetTarget(NpgsqlConnectionStringBuilder builder)
    {
        if (builder.TargetSessionAttributes is not (null or "any" or "primary" or "read-write" or "prefer-primary"))
            throw new FormatException("DATABASE_URL: target_session_attrs must be read-write or primary: the service writes, and reads from no standby.");
        if (builder.Host!.Contains(',')) builder.TargetSessionAttributes = "read-write";
        else builder.Remove("Target Session Attributes");
    }

    private static NpgsqlConnectionStringBuilder FromKeywords(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Its message can quote a piece of the password, one that holds a semicolon for instance.
            throw new FormatException(
                "DATABASE_URL is neither a URL (postgresql://user:password@host:5432/database) nor an Npgsql connection string (Host=…;Database=…).");
        }
    }

    private static NpgsqlConnectionStringBuilder FromUrl(string scheme, string rest)
    {
        if (scheme.Split('+')[0].ToLowerInvariant() is not ("postgres" or "postgresql"))
            throw new FormatException("DATABASE_URL must begin with postgres:// or postgresql://.");

        // The last @ ends the user: a password may hold one that nobody encoded. So may it hold / and ?, before that @.
        var at = rest.LastIndexOf('@');
        var (user, password) = Cut(at < 0 ? "" : rest[..at], ':');
        var (address, query) = Cut(rest[(at + 1)..], '?');
        var (hosts, database) = Cut(address, '/');

        var builder = new NpgsqlConnectionStringBuilder();
        SetHost(builder, hosts);
        if (user.Length > 0)
            Set(builder, "Username", "user", Decode(user));
        if (password.Length > 0)
            Set(builder, "Password", "password", Decode(password));
        if (database.Length > 0)
            Set(builder, "Database", "database", Decode(database));
        foreach (var (name, text) in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(option => Cut(option, '=')))
            SetOption(builder, Decode(name), Decode(text.Replace('+', ' ')));
        return builder;
    }

    private static void SetHost(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        // Several hosts are Npgsql's own list; a bracket encloses an IPv6 address.
        var colon = hosts.LastIndexOf(':');
        if (hosts.Contains(',') || colon <= hosts.LastIndexOf(']'))
        {
            builder.Host = Decode(hosts).Trim('[', ']');
            return;
        }

        builder.Host = Decode(hosts[..colon]).Trim('[', ']');
        if (!int.TryParse(hosts[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535)
            throw new FormatException("DATABASE_URL: the port must be a number from 1 to 65535.");
        builder.Port = port;
    }

    private static void SetOption(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        if (LibpqOptions.KeywordOf(name) is { } keyword) Set(builder, keyword, name, LibpqOptions.ValueOf(keyword, value));
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string keyword, string name, string value)
    {
        try
        {
            builder[keyword] = value;
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException or KeyNotFoundException or InvalidCastException or OverflowException)
        {
            throw new FormatException($"DATABASE_URL: the option {name} is unknown or its value is not allowed.");
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text);

    private static (string Before, string After) Cut(string text, char separator)
    {
        var index = text.IndexOf(separator);
        return index < 0 ? (text, "") : (text[..index], text[(index + 1)..]);
    }
}
