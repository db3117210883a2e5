using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Batches;

public sealed class BatchOptions
{
    public const string Section = "Batches";

    /// <summary>BATCH_RUNS_AT_ONCE: rows of one account, of all batches together, that are queued or running at a time. Default 8: about what 50 changes a second permit.</summary>
    [Range(1, 200)]
    public int RunsAtOnce { get; set; } = 8;

    /// <summary>Rows of one account that may be begun and not ended, those that wait for Meta, for a video or for a cap included. Default 100.</summary>
    [Range(1, 10_000)]
    public int MostUnended { get; set; } = 100;
}
