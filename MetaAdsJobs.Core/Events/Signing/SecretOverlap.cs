using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Events.Signing;

/// <summary>For how long an old secret is good beside the one that takes its place.</summary>
internal static class SecretOverlap
{
    private const int Usual = 24;
    private const int Most = 168;

    /// <param name="body">keep_old_hours: at most 168; 0 when the old one has come into the wrong hands. 24 by default.</param>
    /// <returns>Meaningless when something is wrong.</returns>
    public static TimeSpan Read(JsonElement body, FieldErrors errors)
    {
        var fields = new JsonFields(body, errors);
        var hours = fields.Whole("keep_old_hours", 0, Most) ?? Usual;
        fields.RefuseUnknown();
        return TimeSpan.FromHours(hours);
    }
}
