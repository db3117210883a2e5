using Microsoft.AspNetCore.Antiforgery;

namespace MetaAdsJobs.Api.Console;

/// <summary>Lets a form through only when it is one of ours: another site's cannot carry the token.</summary>
internal sealed class FormGuard(IAntiforgery antiforgery) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return http.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(http) ? await next(context) : Going.BackWithProblem(http, "The form had expired: nothing was done, and anything typed has to be typed again.");
    }
}
