using CsvHelper;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Audit;

namespace MetaAdsJobs.Console.Audit;

/// <summary>The audit as a file: a row for each change.</summary>
public static class ChangeCsv
{
    private static readonly string[] Headings = ["sent_at", "source", "asked_by", "key_name", "social_account_id", "request_id", "method", "path", "outcome", "http_status", "sent", "answer"];

    public static CsvRows<RecordedChange> Of(IAsyncEnumerable<RecordedChange> changes) => new("changes.csv", Headings, changes, Write);

    private static void Write(CsvWriter csv, RecordedChange change)
    {
        csv.WriteMoment(change.SentAt);
        csv.WriteField(change.Source);
        csv.WriteField(change.AskedBy);
        csv.WriteField(change.KeyName);
        csv.WriteField(change.SocialAccountId?.ToString());
        csv.WriteField(change.RequestId?.ToString());
        csv.WriteField(change.Method);
        csv.WriteField(change.Path);
        csv.WriteField(change.Outcome);
        csv.WriteField(change.HttpStatus, default);
        csv.WriteField(change.Sent.ToJsonString());
        csv.WriteField(change.Answer);
    }
}
