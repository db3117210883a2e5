namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// The names that libpq, and thus most of what people paste, gives to options of a connection. Each is taken, let go because it changes nothing here, or
/// refused with what to do instead.
/// </summary>
internal static class LibpqOptions
{
    private static readonly Dictionary<string, string> Taken = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["ssl"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["sslnegotiation"] = "SSL Negotiation",
        ["channel_binding"] = "Channel Binding",
        ["require_auth"] = "Require Auth",
        ["gssencmode"] = "GSS Encryption Mode",
        ["krbsrvname"] = "Kerberos Service Name",
        ["connect_timeout"] = "Timeout",
        ["dbname"] = "Database",
        ["user"] = "Username",
        ["fallback_application_name"] = "Application Name",
        ["keepalives"] = "TCP Keepalive",
        ["keepalives_idle"] = "TCP Keepalive Time",
        ["keepalives_interval"] = "TCP Keepalive Interval",
        ["target_session_attrs"] = "Target Session Attributes",
        ["load_balance_hosts"] = "Load Balance Hosts",
    };

    // Defaults that nothing here differs from, or finer points of what is there anyway.
    private static readonly HashSet<string> LetGo = new(StringComparer.OrdinalIgnoreCase) { "keepalives_count", "sslcompression", "sslsni", "gsslib", "gssdelegation", "sslcertmode", "client_encoding" };

    private static readonly Dictionary<string, string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        ["hostaddr"] = "is not read: write the address in place of the host's name",
        ["service"] = "is not read: write host, user and database of the service into the URL",
        ["servicefile"] = "is not read: write host, user and database of the service into the URL",
        ["sslcrl"] = "is not read: check_certificate_revocation=true asks for what the authority has revoked",
        ["sslcrldir"] = "is not read: check_certificate_revocation=true asks for what the authority has revoked",
        ["ssl_min_protocol_version"] = "is not read: the machine's own TLS settings decide",
        ["ssl_max_protocol_version"] = "is not read: the machine's own TLS settings decide",
        ["requirepeer"] = "is not read: a socket's owner is not checked",
        ["tcp_user_timeout"] = "is not read: keepalives_idle and keepalives_interval, in seconds, tell how soon a dead connection is found",
        ["replication"] = "makes no sense here: the service reads and writes rows",
        ["schema"] = "is no option of PostgreSQL: search_path=… names the schema",
        ["pgbouncer"] = "is no option of PostgreSQL: a pooler is seen by itself, and max_auto_prepare=0 says it where it is not",
    };

    private static readonly (string Libpq, string Npgsql)[] Ways =
        [("scram-sha-256", "ScramSHA256"), ("md5", "MD5"), ("password", "Password"), ("gss", "GSS"), ("sspi", "SSPI"), ("none", "None")];

    /// <summary>Npgsql's keyword; null: there is nothing to set.</summary>
    /// <exception cref="FormatException">It cannot be had.</exception>
    public static string? KeywordOf(string name) =>
        Refused.GetValueOrDefault(name) is { } why ? throw new FormatException($"DATABASE_URL: the option {name} {why}.")
        : LetGo.Contains(name) ? null
        : Taken.GetValueOrDefault(name) ?? name.Replace('_', ' ');

    /// <summary>The words in which Npgsql takes the value.</summary>
    public static string ValueOf(string keyword, string value) => (keyword, value.ToLowerInvariant()) switch
    {
        ("SSL Mode", "true" or "1") => "Require",
        ("SSL Mode", "false" or "0") => "Disable",
        ("SSL Mode", var mode) => mode.Replace("-", "", StringComparison.Ordinal),
        ("Require Auth", var ways) => Ways.Aggregate(ways, (all, way) => all.Replace(way.Libpq, way.Npgsql, StringComparison.Ordinal)),
        ("TCP Keepalive", "1") => "true",
        ("TCP Keepalive", "0") => "false",
        ("Load Balance Hosts", "random") => "true",
        ("Load Balance Hosts", "disable") => "false",
        _ => value,
    };
}
