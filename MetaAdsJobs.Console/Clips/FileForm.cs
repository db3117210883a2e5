using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace MetaAdsJobs.Console.Clips;

/// <summary>A form that ends in a file. Its fields become the request's form; the file is read as it comes, and kept nowhere on the way.</summary>
internal static class FileForm
{
    private const int MostFields = 20;
    private const int LongestField = 16 * 1024;

    /// <returns>The file's bytes, none if none was chosen; null of what is no such form.</returns>
    public static async Task<Stream?> ReadAsync(HttpContext http)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || type.MediaType != "multipart/form-data" || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 100 } boundary) return null;
        var reader = new MultipartReader(boundary.ToString(), http.Request.Body);
        var (fields, file) = (new Dictionary<string, StringValues>(), Stream.Null);
        while (await reader.ReadNextSectionAsync(http.RequestAborted) is { } section)
        {
            if (section.GetContentDispositionHeader() is not { } part) return null;
            if (part.IsFileDisposition())
            {
                file = section.Body;
                break;
            }

            if (fields.Count == MostFields || await ReadAsync(section.Body, http.RequestAborted) is not { } value) return null;
            fields[HeaderUtilities.RemoveQuotes(part.Name).ToString()] = value;
        }

        http.Features.Set<IFormFeature>(new FormFeature(new FormCollection(fields)));
        return file;
    }

    /// <returns>Null of what is too long.</returns>
    private static async Task<string?> ReadAsync(Stream field, CancellationToken ct)
    {
        var bytes = new byte[LongestField + 1];
        var read = await field.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return read > LongestField ? null : System.Text.Encoding.UTF8.GetString(bytes, 0, read);
    }
}
