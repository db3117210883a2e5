namespace MetaAdsJobs.Api.Console;

/// <summary>The answer to a form: the page it came from, with a word about what became of it.</summary>
internal static class Going
{
    /// <param name="done">A text of the console, by its English words.</param>
    public static IResult Back(HttpContext http, string done) => To(http, "done", done);

    /// <param name="problem">A text of the console, by its English words.</param>
    public static IResult BackWithProblem(HttpContext http, string problem) => To(http, "problem", problem);

    /// <summary>To another page of the console.</summary>
    public static IResult On(string path, string done) => Results.Redirect(path + QueryString.Create("done", done));

    private static IResult To(HttpContext http, string kind, string text)
    {
        var back = http.Request.HasFormContentType ? http.Request.Form["back"].ToString() : "";
        // Only a page of the console: the form could have been tampered with.
        if (!back.StartsWith("/console", StringComparison.Ordinal) || back.Any(char.IsControl) || back.Contains('\\', StringComparison.Ordinal)) back = "/console";
        var at = back.IndexOf('?', StringComparison.Ordinal);
        var query = at < 0 ? [] : Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(back[at..]).Where(pair => pair.Key is not ("done" or "problem")).ToDictionary(pair => pair.Key, pair => (string?)pair.Value.ToString());
        query[kind] = text;
        return Results.Redirect((at < 0 ? back : back[..at]) + QueryString.Create(query));
    }
}
