using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta;

/// <summary>What Meta says of a token.</summary>
/// <param name="ExpiresAt">Null when it never expires.</param>
/// <param name="Why">Why it is not valid, for people.</param>
internal sealed record TokenState(bool IsValid, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Scopes, string? Why)
{
    /// <summary>Without it nothing can be created.</summary>
    public const string WriteScope = "ads_management";

    public bool MayWrite => Scopes.Contains(WriteScope);
}

/// <summary>Asks Meta about tokens in the name of the app. Throws <see cref="MetaException"/>.</summary>
internal sealed class MetaTokens(GraphClient graph, MetaOptions options)
{
    /// <summary>Meta takes the token to inspect in the query: the one call in which a token is in a URL. No log of ours holds URLs.</summary>
    public async Task<TokenState> InspectAsync(string accessToken, CancellationToken ct)
    {
        var app = new GraphCredential("app", $"{options.AppId}|{options.AppSecret}");
        var answer = await graph.SendAsync(HttpMethod.Get, "debug_token", new GraphFields().AddSecret("input_token", accessToken), app, ct);
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("is_valid", out var valid) || valid.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw new MetaException(Proof.OutcomeUnknown, "Meta's answer about a token does not say whether it is valid");
        var error = data.TryGetProperty("error", out var block) && block.ValueKind == JsonValueKind.Object ? block : default(JsonElement?);
        return new(
            valid.GetBoolean(),
            data.TryGetProperty("expires_at", out var expires) && expires.ValueKind == JsonValueKind.Number && expires.TryGetInt64(out var seconds) && seconds > 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null,
            data.TryGetProperty("scopes", out var scopes) && scopes.ValueKind == JsonValueKind.Array ? [.. scopes.EnumerateArray().Select(GraphText.Of).OfType<string>()] : [],
            valid.GetBoolean() ? null : WhyOf(error, accessToken));
    }

    // The error of an invalid token tells its subcode under another name than everywhere else.
    private static string WhyOf(JsonElement? error, string accessToken)
    {
        var subcode = error is { } one && one.TryGetProperty("subcode", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : (int?)null;
        var message = error is { } two && GraphText.Of(two, "message") is { } text ? text : "the token is not valid";
        return $"{message.Replace(accessToken, "***", StringComparison.Ordinal)} - {MetaErrors.Advise(190, subcode)}";
    }
}
