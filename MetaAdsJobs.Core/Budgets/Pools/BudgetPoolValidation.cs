using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Budgets.Pools;

/// <summary>Reads a pool's body. In a change what is absent stays; its account and level never change.</summary>
internal static class BudgetPoolValidation
{
    public const int MostMembers = 50;
    private const long MostCents = 10_000_000_000_000;
    private static readonly HashSet<string> Levels = [BudgetPool.Campaigns, BudgetPool.AdSets];
    private static readonly HashSet<string> Modes = [.. BudgetPool.Modes];

    /// <param name="current">Null: it is to be a new one.</param>
    /// <param name="by">Who asks.</param>
    /// <returns>Null when something is wrong; of a new one, without an id.</returns>
    public static BudgetPool? Read(JsonFields fields, BudgetPool? current, string by, DateTimeOffset now)
    {
        var isNew = current is null;
        var account = fields.Id("social_account_id", required: isNew);
        if (current is not null && account is not null && account != current.SocialAccountId) fields.Refuse("social_account_id", "cannot change; make another pool instead");
        var level = fields.Word("level", Levels);
        if (current is not null && level is not null && level != current.Level) fields.Refuse("level", $"cannot change from {current.Level}; make another pool instead");
        var members = fields.List("members", MostMembers, (item, path) => MemberOf(fields, item, path));
        if (isNew && fields.IsObject && !fields.Has("members")) fields.Refuse("members", "is required: the campaigns or ad sets that share their money, such as [{\"id\": \"120210000000000001\"}]");
        if (members is { Count: < 2 } && !fields.Errors.Any) fields.Refuse("members", "must hold at least two: there is nothing to divide otherwise");
        foreach (var (twice, at) in (members ?? []).Select((member, at) => (member, at)).Where(one => members!.Take(one.at).Any(other => other.MetaId == one.member.MetaId)))
            fields.Refuse($"members[{at}].id", $"{twice.MetaId} is there twice");
        var mode = fields.Word("mode", Modes);
        var pool = new BudgetPool
        {
            Id = current?.Id ?? Guid.Empty, SocialAccountId = current?.SocialAccountId ?? account ?? Guid.Empty, Name = fields.Text("name", required: isNew, max: 100) ?? current?.Name ?? "",
            Level = current?.Level ?? level ?? BudgetPool.AdSets, Mode = mode ?? current?.Mode ?? BudgetPool.Show, ModeBy = by, ModeKey = AccountScope.Caller?.KeyId,
            MaxStepPercent = (int?)fields.Whole("max_step_percent", 1, 20) ?? current?.MaxStepPercent ?? 20, LeastGainPercent = fields.Decimal("least_gain_percent", 0, 100, 2) ?? current?.LeastGainPercent ?? 2,
            Members = members ?? current?.Members ?? [], CreatedBy = current?.CreatedBy ?? by, CreatedAt = current?.CreatedAt ?? now, UpdatedAt = now,
        };
        fields.RefuseUnknown();
        if (fields.Errors.Any) return null;
        // Whoever changes more of it than its name decides what it does from now on.
        var isAsItWas = current is not null && (pool.Mode, pool.MaxStepPercent, pool.LeastGainPercent) == (current.Mode, current.MaxStepPercent, current.LeastGainPercent) && pool.HasMembersOf(current);
        return isAsItWas ? pool with { ModeBy = current!.ModeBy, ModeKey = current.ModeKey, ModeWhy = current.ModeWhy } : pool;
    }

    private static BudgetPoolMember? MemberOf(JsonFields fields, JsonElement item, string path)
    {
        var member = new JsonFields(item, fields.Errors, path);
        var id = member.Text("id", required: true, max: 100);
        var (least, most) = (member.Whole("min_cents", 1, MostCents), member.Whole("max_cents", 1, MostCents));
        if (least > most) member.Refuse("min_cents", $"must not be greater than max_cents, {most}");
        member.RefuseUnknown();
        return id is null ? null : new(id, least, most);
    }
}
