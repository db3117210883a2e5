using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Batches.Files;

namespace MetaAdsJobs.Core.Batches;

/// <summary>How many rows of a batch stand where. The first two are under way, all others are ends.</summary>
/// <param name="Existing">Sent before, and made then.</param>
public sealed record RowCounts(int Waiting, int Running, int Created, int Existing, int Refused, int Failed, int Cancelled)
{
    public int Ended => Created + Existing + Refused + Failed + Cancelled;
}

/// <summary>A file of requests, and how far its rows are.</summary>
public sealed record Batch
{
    public static readonly IReadOnlyList<string> States = ["running", "paused", "cancelled", Completed];

    internal const string Completed = "completed";

    public required Guid BatchId { get; init; }
    public string? Name { get; init; }

    /// <summary>running, paused or cancelled as somebody has ordered; completed once every row has ended.</summary>
    public required string State { get; init; }
    public required int RowCount { get; init; }
    public required RowCounts Counts { get; init; }
    public required string RequestedBy { get; init; }

    /// <summary>The name of the key by which it was sent; null: by none.</summary>
    public string? RequestedKey { get; init; }
    public string? OrderedBy { get; init; }

    /// <summary>Who has resumed it last, and answers for it from then on; null: it is still who sent it.</summary>
    public string? ResumedBy { get; init; }
    public string? ResumedKey { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>Why a row did not become an ad.</summary>
/// <param name="Field">What is wrong: the row's field; of what Meta refused, the step.</param>
/// <param name="Rule">The rule of this service that it breaks; null when Meta refused.</param>
/// <param name="Meta">What was heard of Meta, or went wrong on the way there; null when nothing was sent.</param>
public sealed record RowError(string? Field, string? Rule, string? Meta)
{
    public string Text => Field is null ? Rule ?? Meta ?? "" : $"{Field}: {Rule ?? Meta}";
}

/// <summary>One row of a batch, and what became of it.</summary>
public sealed record BatchRow
{
    public const int MostOfAFile = BatchFile.MostRows;

    public static readonly IReadOnlyList<string> States = ["waiting", "running", "created", "existing", "refused", "failed", "cancelled"];

    public required int Row { get; init; }
    public required string RowId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? AccountName { get; init; }
    public string? CampaignName { get; init; }

    /// <summary>One of <see cref="States"/>.</summary>
    public required string State { get; init; }

    /// <summary>Of a row that waits for the same row of another batch, which was sent before: how that batch stands.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>Its run; of a row that was sent before, that one's.</summary>
    public Guid? RequestId { get; init; }
    public string? CampaignMetaId { get; init; }
    public required IReadOnlyList<RowError> Errors { get; init; }
}

/// <summary>A row as it was sent.</summary>
public sealed record SentRow(BatchRow Row, JsonObject Sent)
{
    /// <summary>Null when the cell is empty.</summary>
    public string? Cell(string column) => RowColumns.Cell(Sent, column);
}

/// <summary>Rows as a CSV file of the form in which they were sent: what came of each stands behind its own columns.</summary>
/// <param name="Columns">Of what was sent; of JSON those that it takes.</param>
public sealed record RowFile(IReadOnlyList<string> Columns, char Separator, IAsyncEnumerable<SentRow> Rows);
