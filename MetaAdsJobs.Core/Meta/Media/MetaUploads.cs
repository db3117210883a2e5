using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Media;

/// <summary>An upload under way: by Meta's id of it, with the id that its video will have, and which bytes Meta wants next.</summary>
internal sealed record UploadSession(string Id, string VideoId, long Start, long End)
{
    /// <summary>Meta wants nothing more.</summary>
    public bool IsWhole => Start == End;
}

/// <summary>
/// Sends the file of a video in the parts that Meta asks for. A session that nobody goes on with never becomes a video, and a part is taken at its place only: both are
/// simply sent again. One session makes one video; whether it has is looked at before it is told to once more. Every method throws <see cref="MetaException"/>.
/// </summary>
internal sealed class MetaUploads(GraphClient graph)
{
    public async Task<UploadSession> StartAsync(GraphCredential credential, long bytes, CancellationToken ct)
    {
        var answer = await SendAsync(credential, Phase("start").Add("file_size", bytes).ToVideos(), ct);
        if (GraphText.Of(answer, "upload_session_id") is not { } id || GraphText.Of(answer, "video_id") is not { } videoId) throw Unreadable("no session");
        return Wanted(new(id, videoId, 0, 0), answer, bytes);
    }

    /// <summary>Sends the part that is wanted.</summary>
    /// <param name="open">The file from an offset on.</param>
    /// <returns>Where to go on: after the part, or where Meta says that it is if it had another one in mind.</returns>
    public async Task<UploadSession> TransferAsync(GraphCredential credential, UploadSession session, long bytes, Func<long, Stream> open, CancellationToken ct)
    {
        var fields = Phase("transfer").Add("upload_session_id", session.Id).Add("start_offset", session.Start).Part()
            .With(new("video_file_chunk", "part", session.End - session.Start, () => open(session.Start)));
        try
        {
            return Wanted(session, await SendAsync(credential, fields, ct), bytes);
        }
        catch (MetaException exception) when (exception.WantedPart is { } wanted)
        {
            return Checked(session with { Start = wanted.Start, End = wanted.End }, bytes);
        }
    }

    /// <summary>Makes a video of it, under a title by which it is found; sent once.</summary>
    public async Task FinishAsync(GraphCredential credential, UploadSession session, string title, CancellationToken ct)
    {
        var fields = Phase("finish").Add("upload_session_id", session.Id).Add("title", title).ToVideos();
        var answer = await graph.SendOnceAsync(HttpMethod.Post, Edge(credential), fields, credential, ct);
        if (!answer.TryGetProperty("success", out var success) || success.ValueKind != JsonValueKind.True) throw Unreadable("no word of success");
    }

    /// <summary>Whether a video was made of it, for one that perhaps was finished.</summary>
    /// <param name="isRefused">Meta would not finish it now: then what it shows of it proves that it was finished before, also without the title.</param>
    /// <returns>Null when Meta does not show it (100/33): so it is with one that is unfinished, and for a while with one that is there.</returns>
    public async Task<bool?> IsFinishedAsync(GraphCredential credential, UploadSession session, string marker, bool isRefused, CancellationToken ct)
    {
        try
        {
            var video = await graph.SendAsync(HttpMethod.Get, session.VideoId, new GraphFields().Add("fields", "title,status"), credential, ct);
            var status = video.TryGetProperty("status", out var block) ? GraphText.Of(block, "video_status") : null;
            return GraphText.Of(video, "title")?.Contains(marker, StringComparison.Ordinal) == true || status == "ready" || (isRefused && status == "processing");
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            return exception.IsMissingObject ? null : false;
        }
    }

    private Task<JsonElement> SendAsync(GraphCredential credential, GraphFields fields, CancellationToken ct) => graph.SendAsync(HttpMethod.Post, Edge(credential), fields, credential, ct);

    private static string Edge(GraphCredential credential) => $"{credential.AdAccountId}/advideos";

    private static GraphFields Phase(string phase) => new GraphFields().Add("upload_phase", phase);

    private static UploadSession Wanted(UploadSession session, JsonElement answer, long bytes) =>
        Offset(answer, "start_offset") is { } start && Offset(answer, "end_offset") is { } end ? Checked(session with { Start = start, End = end }, bytes) : throw Unreadable("no offsets");

    // Bytes that the file does not have are not sent, and what Meta does not want to have whole does not become a video.
    private static UploadSession Checked(UploadSession session, long bytes) =>
        session.Start <= session.End && session.End <= bytes && (!session.IsWhole || session.Start == bytes) ? session : throw Unreadable($"offsets {session.Start} and {session.End} of {bytes} bytes");

    private static long? Offset(JsonElement answer, string name) => long.TryParse(GraphText.Of(answer, name), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;

    private static MetaException Unreadable(string what) => new(Proof.OutcomeUnknown, $"Meta's answer to an upload holds {what}");
}
