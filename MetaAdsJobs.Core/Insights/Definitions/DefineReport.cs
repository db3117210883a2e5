using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Insights.Definitions;

/// <summary>What became of a report that a caller wanted to define.</summary>
public abstract record ReportDefined
{
    private ReportDefined() { }

    public sealed record Done(ReportDefinition Definition) : ReportDefined;

    public sealed record Invalid(FieldErrors Errors) : ReportDefined;

    public sealed record NameTaken(string Name) : ReportDefined;

    public sealed record TooMany(int Most) : ReportDefined;

    public sealed record UnknownAccount : ReportDefined;
}

/// <summary>Adds a report to what an account is asked for every night.</summary>
public sealed class DefineReport(AccountStore accounts, ReportDefinitionStore store)
{
    public async Task<ReportDefined> ExecuteAsync(Guid accountId, JsonElement body, CancellationToken ct)
    {
        if (await accounts.FindAsync(accountId, ct) is null) return new ReportDefined.UnknownAccount();
        var errors = new FieldErrors();
        return ReportDefinitionValidation.Read(new(body, errors), accountId) is { } draft ? await store.InsertAsync(draft, ct) : new ReportDefined.Invalid(errors);
    }
}
