using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Database;

public sealed class DatabaseOptions : IValidatableObject
{
    public const string Section = "Database";

    /// <summary>DATABASE_URL: a postgres:// URL or an Npgsql connection string. Required.</summary>
    [Required(ErrorMessage = "is required: a postgres:// URL or an Npgsql connection string")]
    public string Url { get; set; } = "";

    /// <summary>DATA_PROTECTION_KEY: 32 bytes in base64 that encrypt the data protection keys at rest. Required in live mode.</summary>
    public string? DataProtectionKey { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(DataProtectionKey)
            && (!Convert.TryFromBase64String(DataProtectionKey, new byte[DataProtectionKey.Length], out var length) || length != 32))
            yield return new("must be 32 bytes in base64, as `openssl rand -base64 32` prints them", [nameof(DataProtectionKey)]);
    }
}
