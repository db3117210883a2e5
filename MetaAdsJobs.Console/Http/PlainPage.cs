namespace MetaAdsJobs.Console.Http;

/// <summary>A page that needs nothing but itself, neither script nor database, and is kept by no cache.</summary>
public static class PlainPage
{
    /// <param name="body">HTML: whoever calls has encoded what is not their own.</param>
    /// <param name="seconds">After so many the browser asks for the page again.</param>
    public static Task WriteAsync(HttpContext http, string language, string title, string body, int? seconds = null)
    {
        const string Style = """
            :root{color-scheme:light dark;--accent:light-dark(#1a56b0,#8ab4f8);--wrong:light-dark(#b3261e,#ffb4ab);--line:light-dark(#767676,#8c8c8c)}
            body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1rem}
            .product{margin:0;color:light-dark(#555,#aaa)}h1{margin:0 0 1rem;font-size:1.75rem}a{color:var(--accent)}
            code{display:block;padding:.5rem .75rem;border-radius:.25rem;background:light-dark(#f1f3f4,#2b2b2b);overflow-x:auto;white-space:nowrap}
            label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}label{font-weight:600}
            input{padding:.5rem;margin:.25rem 0 1rem;border:1px solid var(--line);border-radius:.25rem}
            button{padding:.6rem;border:0;border-radius:.25rem;background:var(--accent);color:light-dark(#fff,#121212);font-weight:600;cursor:pointer}
            input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
            [role=alert]{margin:0 0 .75rem;padding-left:.75rem;border-left:.25rem solid var(--wrong);color:var(--wrong);font-weight:600}
            """;
        var again = seconds is null ? "" : $"<meta http-equiv=\"refresh\" content=\"{seconds}\">";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync($"""
            <!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">{again}
            <title>MetaAdsJobs: {title}</title><style>{Style}</style></head><body><main><p class="product">MetaAdsJobs</p><h1>{title}</h1>{body}</main></body></html>
            """);
    }
}
