namespace MetaAdsJobs.Core.Jobs;

/// <summary>
/// Hangfire takes from them in the order of their names: stops go before single pauses, those before what a start lets go on, that before events to
/// be sent, of which there are few at a time, those before campaigns, campaigns before the rows of batches, those before insights. Stops have threads of their own besides: a thousand pauses do not keep one waiting.
/// </summary>
internal static class Queues
{
    public const string Brakes = "brakes";
    public const string Pauses = "brakes-edits";
    public const string Lifted = "brakes-lifted";
    public const string Events = "broadcasts";
    public const string Campaigns = "campaigns";
    public const string Rows = "campaigns-rows";
    public const string Insights = "insights";

    public static readonly string[] All = [Brakes, Pauses, Lifted, Events, Campaigns, Rows, Insights];

    /// <summary>For threads that rows of batches, however many, never hold.</summary>
    public static readonly string[] Reserved = [Pauses, Lifted, Campaigns];

    /// <summary>Whether a run is a row of a batch, or a clip that a program told of, as a condition in SQL: however it comes to a job again, it goes behind the others.</summary>
    /// <param name="run">What has its request_id.</param>
    public static string IsRow(string run) =>
        $"(EXISTS (SELECT 1 FROM batch_rows b WHERE b.request_id = {run}.request_id) OR EXISTS (SELECT 1 FROM clip_runs c WHERE c.request_id = {run}.request_id))";
}
