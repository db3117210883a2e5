using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.Budgets;

/// <summary>What managers do to budget pools and their proposals, from their pages.</summary>
internal static class BudgetActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["social_account_id", "name", "level", "members", "mode", "max_step_percent", "least_gain_percent", "days"];

    public static void MapBudgetActions(this IEndpointRouteBuilder console)
    {
        var pools = console.MapGroup("/budgets").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Operate);
        pools.MapPost("/new", AddAsync).WithOrder(-1);
        pools.MapPost("/{id:guid}/edit", ChangeAsync).WithOrder(-1);
        pools.MapPost("/{id:guid}/mode/{mode}", ModeAsync);
        pools.MapPost("/{id:guid}/remove", RemoveAsync);
        pools.MapPost("/{id:guid}/proposals/{proposalId:guid}/accept", async (Guid id, Guid proposalId, AnswerProposal answer, HttpContext http) =>
            Answer(http, await answer.AcceptAsync(id, proposalId, http.User.CallerName(), http.RequestAborted), "It is carried out within minutes."));
        pools.MapPost("/{id:guid}/proposals/{proposalId:guid}/decline", async (Guid id, Guid proposalId, AnswerProposal answer, HttpContext http) =>
            Answer(http, await answer.DeclineAsync(id, proposalId, http.User.CallerName(), http.RequestAborted), "It was declined; the next night proposes anew."));
    }

    /// <summary>A pool as its form has it.</summary>
    public static FormValues ValuesOf(BudgetPool pool) => FormValues.Of(new Dictionary<string, StringValues>
    {
        [FormSeen.Field] = FormSeen.Of(pool.UpdatedAt), ["name"] = pool.Name, ["mode"] = pool.Mode, ["days"] = BacktestPool.UsualDays.ToString(CultureInfo.CurrentCulture), ["max_step_percent"] = pool.MaxStepPercent.ToString(CultureInfo.CurrentCulture), ["least_gain_percent"] = pool.LeastGainPercent.ToString("0.##", CultureInfo.CurrentCulture),
        ["members"] = string.Join('\n', pool.Members.Select(member => string.Join(' ', new[] { member.MetaId, Amount(member.MinCents) ?? (member.MaxCents is null ? null : "-"), Amount(member.MaxCents) }.OfType<string>()))),
    });

    private static async Task<IResult> AddAsync(SaveBudgetPool save, BacktestPool backtest, LongCalls calls, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts("social_account_id", "name", "level", "mode").Number("max_step_percent").Number("least_gain_percent");
        if (IsTrial(http))
        {
            using var place = await calls.Computations.TakeAsync(http);
            return place is null ? calls.Computations.Refused() : Tried(await backtest.NewAsync(Json(body.Number("days"), http), http.RequestAborted), body);
        }

        return await save.CreateAsync(Json(body, http), http.User.CallerName(), http.RequestAborted) switch
        {
            PoolOutcome<BudgetPool>.Done done => FormResults.On(http, $"/console/budgets/{done.Value.Id}", "The pool was added: it is looked at within minutes."),
            PoolOutcome<BudgetPool>.Invalid invalid => FormResults.Again<BudgetPoolFormPage>(body.Refused(invalid.Errors)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SaveBudgetPool save, BacktestPool backtest, LongCalls calls, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).TextIfGiven("name").TextIfGiven("mode").Number("max_step_percent").Number("least_gain_percent");
        if (IsTrial(http))
        {
            using var place = await calls.Computations.TakeAsync(http);
            return place is null ? calls.Computations.Refused() : Tried(await backtest.OneAsync(id, Json(body.Number("days"), http), http.RequestAborted), body, ("Id", id));
        }

        return await save.ChangeAsync(id, Json(body, http), http.User.CallerName(), pool => pool.UpdatedAt == FormSeen.In(http.Request.Form), http.RequestAborted) switch
        {
            PoolOutcome<BudgetPool>.Done => FormResults.On(http, $"/console/budgets/{id}", "The pool was changed."),
            PoolOutcome<BudgetPool>.Invalid invalid => FormResults.Again<BudgetPoolFormPage>(body.Refused(invalid.Errors), ("Id", id)),
            PoolOutcome<BudgetPool>.Outdated => FormResults.Again<BudgetPoolFormPage>(body.Refused(FormSeen.Outdated("Somebody has changed this pool since you opened it. Open it again to see what it is now.")), ("Id", id)),
            PoolOutcome<BudgetPool>.Refused => FormResults.BackWithProblem(http, "A proposal of it is being carried out: its members stay until that is over."),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ModeAsync(Guid id, string mode, SaveBudgetPool save, HttpContext http) =>
        await save.ChangeAsync(id, JsonSerializer.SerializeToElement(new { mode }), http.User.CallerName(), http.RequestAborted) is PoolOutcome<BudgetPool>.Done ? FormResults.Back(http, "The pool was changed.") : Results.NotFound();

    private static async Task<IResult> RemoveAsync(Guid id, SaveBudgetPool save, HttpContext http) => await save.DeleteAsync(id, http.RequestAborted) switch
    {
        PoolOutcome<BudgetPool>.Done => FormResults.On(http, "/console/budgets", "The pool was removed; budgets stay as they are."),
        PoolOutcome<BudgetPool>.Refused => FormResults.BackWithProblem(http, "A proposal of it is being carried out: it cannot be removed until that is over."),
        _ => Results.NotFound(),
    };

    private static bool IsTrial(HttpContext http) => http.Request.Form["do"] == "try";

    private static IResult Tried(PoolOutcome<PoolTrial> tried, FormBody body, params (string Name, object? Value)[] route) => tried switch
    {
        PoolOutcome<PoolTrial>.Done done => FormResults.Shown<BudgetPoolFormPage>(body.Refused(new()), [.. route, ("Trial", done.Value)]),
        PoolOutcome<PoolTrial>.Invalid invalid => FormResults.Again<BudgetPoolFormPage>(body.Refused(invalid.Errors), route),
        _ => Results.NotFound(),
    };

    private static IResult Answer(HttpContext http, ProposalAnswered answered, string done) => answered switch
    {
        ProposalAnswered.Done => FormResults.Back(http, done),
        ProposalAnswered.Refused => FormResults.BackWithProblem(http, "There is nothing to answer any more."),
        _ => Results.NotFound(),
    };

    // A line for each: its id, and its least and most a day, if it has any.
    private static JsonElement Json(FormBody body, HttpContext http)
    {
        var json = JsonObject.Create(body.ToJson())!;
        var lines = http.Request.Form["members"].ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        json["members"] = new JsonArray([.. lines.Select(line =>
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var member = new JsonObject { ["id"] = words[0] };
            if (words.Length > 1 && words[1] != "-") member["min_cents"] = Cents(words[1]);
            if (words.Length > 2) member["max_cents"] = Cents(words[2]);
            return (JsonNode?)member;
        })]);
        return JsonSerializer.SerializeToElement(json);
    }

    // What is no amount is refused by the use case, by its field.
    private static JsonNode Cents(string text) => FormMoney.ToCents(text) is { } cents ? cents : text;

    private static string? Amount(long? cents) => cents is { } amount ? (amount / 100m).ToString("0.##", CultureInfo.CurrentCulture) : null;
}
