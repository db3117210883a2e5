using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace MetaAdsJobs.Console.Forms;

/// <summary>Reads a form, and lets it through only when it is one of ours: another site's cannot carry the token.</summary>
internal sealed class FormGuard(IAntiforgery antiforgery, LongCalls calls) : IEndpointFilter
{
    public const string Expired = "The form had expired: nothing was done, and anything typed has to be typed again.";

    private const int LargeForm = 256 * 1024;

    // 20 ad sets of 50 ads, each with fields of its own; two lists of all accounts. A file of rows, which has a place among the large ones, stays in memory: there may be no folder to put it aside in.
    private static readonly FormOptions Limits = new() { ValueCountLimit = 20_000, MemoryBufferThreshold = 5 * 1024 * 1024 };

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!http.Request.HasFormContentType) return FormResults.BackWithProblem(http, Expired);
        if (await ReadAsync(http, calls) is { } refused) return refused;
        return await antiforgery.IsRequestValidAsync(http) ? await next(context) : FormResults.BackWithProblem(http, Expired);
    }

    /// <summary>A form that may be large takes a place among such requests before anything of it is read, until it is answered. One whose address takes none that is needs none: a stop.</summary>
    /// <returns>Null: it is read.</returns>
    public static async Task<IResult?> ReadAsync(HttpContext http, LongCalls calls)
    {
        if (http.Request.ContentLength is null or > LargeForm && http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is null or > LargeForm)
        {
            if (calls.LargeBodies.TryTake(http) is not { } place) return calls.LargeBodies.Refused();
            http.Response.RegisterForDispose(place);
        }

        await http.Request.ReadFormAsync(Limits, http.RequestAborted);
        return null;
    }
}
