using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

/// <summary>
/// Every POST under an account: what Meta refuses is refused, the rest becomes a row. Each create is one statement, so
/// one round trip and one commit; the statement itself looks at the parents.
/// </summary>
internal sealed class StubCreates(NpgsqlDataSource dataSource, TimeProvider time)
{
    public async Task<StubAnswer> CreateAsync(StubKind kind, string accountId, StubCall call, CancellationToken ct)
    {
        var refusal = ParameterRules.Unknown(kind, call) ?? ParameterRules.Malformed(call) ?? Refuse(kind, call);
        if (refusal is not null)
            return refusal.ToAnswer();

        if (kind == StubKind.Image)
            return await ImageCreate.InsertAsync(dataSource, accountId, call, time.GetUtcNow(), ct);

        var created = new NewObject(
            kind.NewId(), accountId, call.Text("name") ?? "", call.Text("status") ?? "PAUSED", GivenFields.ToJson(call), time.GetUtcNow());
        return await InsertAsync(kind, created, call, ct) is { } late ? late.ToAnswer()
            : call.IsOnlyValidating ? StubAnswer.Success
            : StubAnswer.Id(created.Id);
    }

    private static StubRefusal? Refuse(StubKind kind, StubCall call) => kind.Name switch
    {
        "campaign" => CampaignRules.Refuse(call),
        "adset" => AdSetRules.Refuse(call),
        "creative" => CreativeRules.Refuse(call),
        "ad" => AdCreate.Refuse(call),
        "video" => VideoCreate.Refuse(call),
        _ => ImageCreate.Refuse(call),
    };

    private Task<StubRefusal?> InsertAsync(StubKind kind, NewObject created, StubCall call, CancellationToken ct) => kind.Name switch
    {
        "campaign" => CampaignCreate.InsertAsync(dataSource, created, call, ct),
        "adset" => AdSetCreate.InsertAsync(dataSource, created, call, ct),
        "creative" => CreativeCreate.InsertAsync(dataSource, created, call, ct),
        "ad" => AdCreate.InsertAsync(dataSource, created, call, ct),
        _ => VideoCreate.InsertAsync(dataSource, created, call, ct),
    };
}

/// <summary>What all new objects have; Meta makes everything PAUSED here unless told otherwise.</summary>
internal sealed record NewObject(string Id, string AccountId, string Name, string Status, string FieldsJson, DateTimeOffset At);
