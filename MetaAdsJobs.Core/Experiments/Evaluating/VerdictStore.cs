using Dapper;
using MetaAdsJobs.Core.Experiments.Proposing;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>Writes what a night made of an account's experiments, in the transaction that holds them: as many statements for five hundred as for one.</summary>
internal static class VerdictStore
{
    public static async Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<(JudgedExperiment Experiment, ExperimentNight Night)> nights, DateTimeOffset now, CancellationToken ct)
    {
        const string VerdictsSql = """
            INSERT INTO experiment_verdicts (experiment_id, no, judged_at, today, since, until, days, ending, winner, leader, losers, restated_on, is_reopened, gates, totals, comparisons, numbers)
            SELECT id, no, @Now, today, since, until, days, ending, winner, leader, losers::int[], restated_on, reopened, gates::jsonb, totals::jsonb, comparisons::jsonb, numbers::jsonb
            FROM unnest(@Ids, @Nos, @Todays, @Sinces::date[], @Untils::date[], @Days, @Endings, @Winners, @Leaders, @Losers, @Restated::date[], @Reopened, @Gates, @Totals, @Comparisons, @Numbers)
                AS v (id, no, today, since, until, days, ending, winner, leader, losers, restated_on, reopened, gates, totals, comparisons, numbers)
            """;
        // Last of all: the trigger that tells of it finds the verdict.
        const string StatesSql = """
            UPDATE experiment_proposals p SET state = 'withdrawn', withdrawn_why = w.why FROM unnest(@Withdrawn, @Whys) AS w (id, why) WHERE p.experiment_id = w.id AND p.state = 'open';
            UPDATE experiments SET judged_at = @Now WHERE id = ANY (@All);
            UPDATE experiments SET state = 'running', decided_at = NULL, decided_until = NULL, reopened = reopened + 1 WHERE id = ANY (@ReopenedIds) AND state = 'decided';
            UPDATE experiments e SET state = 'decided', decided_at = @Now, decided_until = d.until FROM unnest(@DecidedIds, @DecidedUntils) AS d (id, until) WHERE e.id = d.id AND e.state <> 'stopped';
            """;
        var verdicts = nights.SelectMany(one => one.Night.Verdicts).ToList();
        if (verdicts.Count > 0)
            await connection.ExecuteAsync(new(VerdictsSql, new
            {
                Now = now, Ids = verdicts.ConvertAll(one => one.ExperimentId).ToArray(), Nos = verdicts.ConvertAll(one => one.No).ToArray(), Todays = verdicts.ConvertAll(one => one.Today).ToArray(),
                Sinces = verdicts.ConvertAll(one => one.Verdict.Since).ToArray(), Untils = verdicts.ConvertAll(one => one.Verdict.Until).ToArray(), Days = verdicts.ConvertAll(one => one.Verdict.Days).ToArray(),
                Endings = verdicts.ConvertAll(one => one.Verdict.Ending).ToArray(), Winners = verdicts.ConvertAll(one => one.Verdict.Winner).ToArray(), Leaders = verdicts.ConvertAll(one => one.Verdict.Leader).ToArray(),
                // An array of arrays would have to be as long everywhere.
                Losers = verdicts.ConvertAll(one => $"{{{string.Join(',', one.Verdict.Losers)}}}").ToArray(), Restated = verdicts.ConvertAll(one => one.Verdict.RestatedOn).ToArray(),
                Reopened = verdicts.ConvertAll(one => one.IsReopened).ToArray(), Gates = verdicts.ConvertAll(one => VerdictJson.Of(one.Verdict.Gates)).ToArray(), Totals = verdicts.ConvertAll(one => VerdictJson.Of(one.Verdict.Totals)).ToArray(),
                Comparisons = verdicts.ConvertAll(one => VerdictJson.Of(one.Verdict.Comparisons)).ToArray(), Numbers = verdicts.ConvertAll(one => VerdictJson.OfDays(one.Verdict.Numbers)).ToArray(),
            }, transaction, commandTimeout: 120, cancellationToken: ct));
        var withdrawn = nights.Where(one => one.Night.Withdraws is not null).ToList();
        var decided = nights.Where(one => one.Night.Decides is not null).ToList();
        // What was decided anew replaces what was proposed before.
        await connection.ExecuteAsync(new(StatesSql, new
        {
            Now = now, All = nights.Select(one => one.Experiment.Id).ToArray(), Withdrawn = withdrawn.Select(one => one.Experiment.Id).Concat(decided.Select(one => one.Experiment.Id)).ToArray(),
            Whys = withdrawn.Select(one => one.Night.Withdraws!).Concat(decided.Select(_ => "It was decided anew")).ToArray(), ReopenedIds = nights.Where(one => one.Night.Reopens).Select(one => one.Experiment.Id).ToArray(),
            DecidedIds = decided.Select(one => one.Experiment.Id).ToArray(), DecidedUntils = decided.Select(one => one.Night.Decides!.Verdict.Until).ToArray(),
        }, transaction, cancellationToken: ct));
        await ProposeAsync(connection, transaction, decided, now, ct);
    }

    private static async Task ProposeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, List<(JudgedExperiment Experiment, ExperimentNight Night)> decided, DateTimeOffset now, CancellationToken ct)
    {
        const string ProposalsSql = """
            INSERT INTO experiment_proposals (id, experiment_id, verdict_no, state, created_at) SELECT id, experiment, no, 'open', @Now FROM unnest(@Ids, @Experiments, @Nos) AS p (id, experiment, no);
            INSERT INTO experiment_changes (proposal_id, variant, meta_id, action, daily_budget_cents, now_cents, state)
            SELECT proposal, variant, meta_id, action, cents, now, 'planned' FROM unnest(@Of, @Variants, @MetaIds, @Actions, @Cents, @Nows) AS c (proposal, variant, meta_id, action, cents, now);
            """;
        var proposals = decided.Select(one => (Id: Guid.CreateVersion7(now), one.Experiment, No: one.Night.Decides!.No, Changes: ProposedChange.Of(one.Night.Decides.Verdict, one.Experiment.MetaIds, one.Experiment.DailyBudgetCents)))
            .Where(one => one.Changes.Count > 0).ToList();
        if (proposals.Count == 0) return;
        var changes = proposals.SelectMany(one => one.Changes.Select(change => (one.Id, Change: change))).ToList();
        await connection.ExecuteAsync(new(ProposalsSql, new
        {
            Now = now, Ids = proposals.ConvertAll(one => one.Id).ToArray(), Experiments = proposals.ConvertAll(one => one.Experiment.Id).ToArray(), Nos = proposals.ConvertAll(one => one.No).ToArray(),
            Of = changes.ConvertAll(one => one.Id).ToArray(), Variants = changes.ConvertAll(one => one.Change.Variant).ToArray(), MetaIds = changes.ConvertAll(one => one.Change.MetaId).ToArray(),
            Actions = changes.ConvertAll(one => one.Change.Action).ToArray(), Cents = changes.ConvertAll(one => one.Change.DailyBudgetCents).ToArray(),
            Nows = changes.ConvertAll(one => one.Change.NowCents).ToArray(),
        }, transaction, cancellationToken: ct));
    }
}
