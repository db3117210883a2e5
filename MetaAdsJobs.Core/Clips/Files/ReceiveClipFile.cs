using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>What became of a file that was sent. The set is closed.</summary>
public abstract record ReceivedFile
{
    private ReceivedFile() { }

    /// <param name="IsNew">False when the clip was there already, and is the same.</param>
    public sealed record Done(Clip Clip, bool IsNew) : ReceivedFile;

    public sealed record Invalid(FieldErrors Errors) : ReceivedFile;

    public sealed record TooLong(string Reason) : ReceivedFile;

    public sealed record Refused(string Reason) : ReceivedFile;

    /// <summary>No fault of the file's: the same may be sent again once there is room.</summary>
    public sealed record NoRoom(string Reason) : ReceivedFile;
}

/// <summary>
/// Makes a clip of a file. Bytes first, row last: a clip that is there has its whole file, and what was cut off leaves neither. The caller chooses the id,
/// so that the same may be sent again, and changes nothing; another file is another clip, since ads and Meta's videos go by the clip.
/// </summary>
public sealed class ReceiveClipFile(ClipStore store, IClipFiles files, ClipFileOptions options)
{
    // Ads Guide: no image of an ad may be larger.
    private const long MostOfImage = 30L * 1024 * 1024;

    /// <param name="about">title, and thumbnail_url if it has one.</param>
    /// <param name="type">As what it is sent, one of <see cref="ClipFileTypes.All"/>; null where its bytes alone tell.</param>
    /// <param name="length">Where it is told in advance.</param>
    public async Task<ReceivedFile> ExecuteAsync(Guid id, JsonElement about, string? type, long? length, Stream content, CancellationToken ct)
    {
        if (!files.AreKept) return new ReceivedFile.Refused("This service takes no files: CLIP_FILES_DIR is not set.");
        var errors = new FieldErrors();
        var fields = new JsonFields(about, errors);
        var title = fields.Text("title", required: true, max: 200);
        var thumbnailUrl = fields.HttpUrl("thumbnail_url");
        fields.RefuseUnknown();
        if (errors.Any) return new ReceivedFile.Invalid(errors);
        if (length > options.MostBytes) return TooLong(options.MostBytes);

        var wanted = new Clip { Id = id, Title = title!, ThumbnailUrl = thumbnailUrl };
        var found = await store.FindAsync(id, ct);
        // Not even read: nothing that comes could make it right.
        if (found is not null && Difference(found, wanted) is { } difference) return new ReceivedFile.Refused(difference);

        var begin = new byte[ClipFileTypes.Telling];
        var begun = await content.ReadAtLeastAsync(begin, begin.Length, throwOnEndOfStream: false, ct);
        if (ClipFileTypes.Of(begin.AsSpan(0, begun)) is not { } isType || (type is not null && !ClipFileTypes.IsTheSame(type, isType)))
        {
            errors.Add("file", begun == 0 ? "is empty" : type is null ? "is no MP4, QuickTime, JPEG or PNG file" : $"does not begin as {type} does");
            return new ReceivedFile.Invalid(errors);
        }

        var most = ClipFileTypes.IsImage(isType) ? Math.Min(MostOfImage, options.MostBytes) : options.MostBytes;
        if (length > most) return TooLong(most);

        await using var body = new FileBody(begin.AsMemory(0, begun), content, most);
        try
        {
            return found is null ? await AddAsync(wanted, isType, body, ct) : await CompareAsync(found, body, ct);
        }
        catch (FileTooLongException)
        {
            return TooLong(most);
        }
        catch (NoRoomException)
        {
            return new ReceivedFile.NoRoom("There is no room left in CLIP_FILES_DIR, and nothing of the file was kept. Whoever operates this service has to make room; then send the same again.");
        }
    }

    private ReceivedFile.TooLong TooLong(long most) => new($"The file must be at most {most / 1024 / 1024} MiB long{(most == options.MostBytes ? " (CLIP_FILE_MAX_MB)" : ", as an image")}.");

    private async Task<ReceivedFile> AddAsync(Clip wanted, string type, FileBody body, CancellationToken ct)
    {
        var key = Guid.NewGuid().ToString("N");
        await files.WriteAsync(key, body, ct);
        // A crash, or a database that goes away, leaves a file that no row may tell of: the sweep takes it away.
        var clip = wanted with { File = new(key, type, body.Bytes, body.Sha256()) };
        if (await store.InsertAsync(clip, ct)) return new ReceivedFile.Done((await store.FindAsync(clip.Id, ct))!, IsNew: true);

        // Somebody was faster.
        files.Delete(key);
        if (await store.FindAsync(clip.Id, ct) is not { } found) return new ReceivedFile.Refused(Clip.Taken(clip.Id));
        return Difference(found, wanted) is { } difference ? new ReceivedFile.Refused(difference) : Same(found, clip.File.Sha256);
    }

    private static async Task<ReceivedFile> CompareAsync(Clip found, FileBody body, CancellationToken ct)
    {
        await body.CopyToAsync(Stream.Null, ct);
        return Same(found, body.Sha256());
    }

    private static ReceivedFile Same(Clip found, string sha256) => found.File!.Sha256 == sha256
        ? new ReceivedFile.Done(found, IsNew: false)
        : new ReceivedFile.Refused($"The clip {found.Id} has another file; clips do not change: give this file a clip of its own.");

    private static string? Difference(Clip found, Clip wanted) =>
        found.File is null ? $"There is a clip {found.Id} already, and it is no file; clips do not change."
        : found.Title != wanted.Title ? $"The clip {found.Id} has another title; clips do not change."
        : found.ThumbnailUrl != wanted.ThumbnailUrl ? $"The clip {found.Id} has another thumbnail_url, or none; clips do not change."
        : null;
}
