using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Http;

/// <summary>What a caller of this endpoint does when its call may or may not have been carried out.</summary>
internal sealed record InDoubtAdvice(string Text)
{
    /// <summary>Of what is there is no second one, and nothing else has come of it.</summary>
    public static readonly InDoubtAdvice NoHarm = new("Send it again: doing it twice does no harm.");

    /// <summary>Of what somebody else may have set otherwise meanwhile.</summary>
    public static readonly InDoubtAdvice Undoes = new("Look at it first: sent again, it undoes what somebody has changed since.");

    /// <summary>Of an endpoint that says nothing else.</summary>
    public static readonly InDoubtAdvice Unsaid = new("It may have been done: look before you send it again.");
}

/// <summary>
/// A database that is away is no fault of the caller's or of the code: 503, try again. Whether something was written is only said when it is known: an
/// error of the commit itself proves nothing.
/// </summary>
internal sealed class DatabaseAwayHandler(ConnectionPools pools) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (DatabaseErrors.IsReadOnly(exception)) pools.Clear();
        // A person at a browser is answered by FailurePages.
        if (!DatabaseErrors.IsAway(exception) || FailurePages.AreFor(httpContext)) return false;
        httpContext.Response.Headers.RetryAfter = "5";
        await new Problem(ProblemKind.DatabaseAway, Tell(httpContext, exception)).ExecuteAsync(httpContext);
        return true;
    }

    private static string Tell(HttpContext http, Exception exception)
    {
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return "The database cannot be reached; please try again.";
        if (exception is NothingWrittenException) return "The database cannot be reached. Nothing was written; please try again.";
        var endpoint = http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        var what = DatabaseErrors.TakesNoWrites(exception) ? "The database takes no writes at the moment: it is read only, or its disk is full." : "The database went away, and whether this was carried out is not known.";
        // What is taken away is so whether once or twice.
        var usual = HttpMethods.IsDelete(http.Request.Method) ? InDoubtAdvice.NoHarm : HttpMethods.IsPut(http.Request.Method) ? InDoubtAdvice.Undoes : InDoubtAdvice.Unsaid;
        return $"{what} {(endpoint?.Metadata.GetMetadata<InDoubtAdvice>() ?? usual).Text}";
    }
}
