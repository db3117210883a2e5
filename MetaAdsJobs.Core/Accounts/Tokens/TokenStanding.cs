namespace MetaAdsJobs.Core.Accounts.Tokens;

/// <summary>How an account's token stands, as far as Meta has told.</summary>
public enum TokenStanding
{
    Unchecked,
    Ok,
    ExpiresSoon,
    Expired,
    Rejected,
}

public static class TokenStandings
{
    public static TokenStanding Of(DateTimeOffset? rejectedAt, DateTimeOffset? checkedAt, DateTimeOffset? expiresAt, DateTimeOffset now) =>
        rejectedAt is not null ? TokenStanding.Rejected
        : expiresAt <= now ? TokenStanding.Expired
        : expiresAt < now + CheckTokens.WarnBefore ? TokenStanding.ExpiresSoon
        : checkedAt is null ? TokenStanding.Unchecked : TokenStanding.Ok;
}
