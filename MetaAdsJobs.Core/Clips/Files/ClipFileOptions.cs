using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Clips.Files;

public sealed class ClipFileOptions : IValidatableObject
{
    public const string Section = "Clips";

    /// <summary>CLIP_FILES_DIR: the folder that holds the files of clips, the same for the API and all workers. Without it no file is taken.</summary>
    public string? FilesDir { get; set; }

    /// <summary>CLIP_FILE_MAX_MB: the longest file that is taken, in MiB. Default 1024.</summary>
    [Range(1, 10240)]
    public int FileMaxMb { get; set; } = 1024;

    internal long MostBytes => FileMaxMb * 1024L * 1024;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FilesDir is { Length: > 0 } folder && !(Path.IsPathFullyQualified(folder) && Directory.Exists(folder)))
            yield return new("must be the full path of a folder that is there", [nameof(FilesDir)]);
    }
}
