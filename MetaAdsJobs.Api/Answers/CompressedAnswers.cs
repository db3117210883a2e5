using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Api.Answers;

/// <summary>
/// Answers to reads of the API are compressed for who asks for it; nothing else. How long a compressed answer is tells of what stands in it (BREACH): so there must be no secret beside text that somebody
/// else chooses, for a caller who can be made to ask. Pages, sign-in and dashboard hold form tokens and go by a cookie that browsers send by themselves: never. What writes may show a secret once, such as a
/// webhook's: never. Reads of the API hold no secret, and go by a token that no browser sends by itself.
/// </summary>
internal static class CompressedAnswers
{
    private static readonly string[] Types = ["application/json", "application/problem+json", "text/csv"];

    public static IServiceCollection AddCompressedAnswers(this IServiceCollection services)
    {
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.MimeTypes = Types;
            compression.Providers.Add<BrotliCompressionProvider>();
            compression.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        return services.AddSingleton<IResponseCompressionProvider, OnlyWhole>();
    }

    public static IApplicationBuilder UseCompressedAnswers(this IApplicationBuilder app) => app.UseWhen(IsRead, reads => reads.UseResponseCompression());

    // HEAD, too: it has the headers that GET would have.
    private static bool IsRead(HttpContext http) => (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) && (AnswerHeaders.IsApi(http) || http.Request.Path.StartsWithSegments("/openapi"));

    /// <summary>Short answers gain nothing, and one strong ETag must not name two forms of an answer.</summary>
    private sealed class OnlyWhole(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
    {
        private const int Short = 1000;

        public override bool ShouldCompressResponse(HttpContext context) =>
            context.Response.ContentLength is null or >= Short && !(context.Response.Headers.ETag is [{ } tag] && tag.StartsWith('"')) && base.ShouldCompressResponse(context);
    }
}
