using MetaAdsJobs.Core.Access;
using Microsoft.AspNetCore.Authorization;

namespace MetaAdsJobs.Console;

/// <summary>Who may see the console's pages, and what may be done there.</summary>
public static class ConsolePolicies
{
    internal const string Read = "console";
    internal const string Operate = "console operate";
    internal const string Administer = "console administer";

    /// <param name="scheme">By which the host knows a person at a browser.</param>
    public static AuthorizationBuilder AddConsolePolicies(this AuthorizationBuilder authorization, string scheme) => authorization
        .AddPolicy(Read, policy => policy.AddAuthenticationSchemes(scheme).RequireRole(Roles.Viewer, Roles.Manager, Roles.Admin))
        .AddPolicy(Operate, policy => policy.AddAuthenticationSchemes(scheme).RequireRole(Roles.Manager, Roles.Admin))
        .AddPolicy(Administer, policy => policy.AddAuthenticationSchemes(scheme).RequireRole(Roles.Admin));
}
