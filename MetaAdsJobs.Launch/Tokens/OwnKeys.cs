namespace MetaAdsJobs.Launch.Tokens;

/// <summary>The service's secrets: from the environment if set there, else made once and kept in the data folder.</summary>
internal static class OwnKeys
{
    public const string SigningKey = "AUTH_SIGNING_KEY";
    public const string DataProtectionKey = "DATA_PROTECTION_KEY";

    /// <summary>Signs and checks access tokens (HS256).</summary>
    public static string Signing(string dataFolder) =>
        FromEnvironment(SigningKey) ?? KeyFile.ReadOrCreate(Path.Combine(dataFolder, "auth-signing-key"), bytes: 48);

    /// <summary>Encrypts the data protection keys that lie in the database.</summary>
    public static string DataProtection(string dataFolder) =>
        FromEnvironment(DataProtectionKey) ?? KeyFile.ReadOrCreate(Path.Combine(dataFolder, "data-protection-key"), bytes: 32);

    private static string? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
