using System.ComponentModel.DataAnnotations;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.Options;

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

/// <summary>The URL can be read, and live mode refuses to keep real tokens under keys that lie in the clear beside them.</summary>
internal sealed class DatabaseOptionsCheck(IOptions<MetaOptions> meta) : IValidateOptions<DatabaseOptions>
{
    public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
    {
        var failures = new List<string>();
        if (meta.ValueIfRight()?.Mode == MetaMode.Live && string.IsNullOrEmpty(options.DataProtectionKey))
            failures.Add("DATA_PROTECTION_KEY: live mode needs it, 32 bytes in base64 as `openssl rand -base64 32` prints them");
        try
        {
            if (options.Url.Length > 0) DatabaseUrl.ToConnectionString(options.Url);
        }
        catch (FormatException unreadable)
        {
            failures.Add(unreadable.Message);
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
