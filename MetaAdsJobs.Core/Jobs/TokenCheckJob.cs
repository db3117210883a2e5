using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="CheckTokens"/>: all accounts once a day, and one after its token was given.</summary>
internal sealed class TokenCheckJob(CheckTokens check)
{
    public const string Kind = "tokens";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct) => (await check.ExecuteAsync(only: null, ct)).Noteworthy();

    public async Task<JobOutcome?> RunOneAsync(Guid accountId, CancellationToken ct) => (await check.ExecuteAsync(accountId, ct)).Noteworthy();
}
