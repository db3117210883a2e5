using System.Text.Json;
using MetaAdsJobs.StubGraph.Insights;
using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Reports;

/// <summary>What one row tells, before it is written.</summary>
internal readonly ref struct ReportRow(StubAccount account, InsightSubject subject, ref readonly InsightNumbers numbers)
{
    public readonly ref readonly InsightNumbers Numbers = ref numbers;

    public StubAccount Account { get; } = account;

    public InsightSubject Subject { get; } = subject;
}

/// <summary>Writes one field of a row, or nothing where it is zero or unknown, as at Meta.</summary>
internal delegate void ReportField(Utf8JsonWriter json, scoped in ReportRow row);
