using System.Diagnostics;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One line of the service, and what it would be if somebody had got it wrong.</summary>
public sealed record PlantedDefect(string Name, string File, string Right, string Wrong)
{
    /// <summary>To be found by the histories of numbers.</summary>
    public bool IsOfNumbers { get; init; }

    public override string ToString() => Name;
}

/// <summary>A search that finds nothing proves nothing unless it finds what is there: each of these defects has to be found.</summary>
[TestFixture, NonParallelizable]
public sealed partial class PlantedDefectTests
{
    private const string Steps = "Orchestrations/Steps/";
    private const string Adopting = "Campaigns/Adopting/AdoptionStore.cs";
    private const string Delivering = "Events/Delivering/";
    private const string Evaluating = "Alerts/Evaluating/EvaluateAlerts.cs";
    private const string OwnCommit = "        await using (var other = await dataSource.OpenConnectionAsync(ct))\n        await using (var own = await other.BeginTransactionAsync(ct))\n        {\n";
    private const string OwnEnd = "            await own.CommitAsync(ct);\n        }\n";

    private static readonly PlantedDefect[] Defects =
    [
        new("a lost create is not looked for", Steps + "StepRunner.cs", "var found = await creates.LookAsync(attempt, step, credential, ct);", "IReadOnlyList<string> found = [];"),
        new("the settle delay is not waited for", Steps + "StepRunner.cs", "if (now < attempt.SettledAt)\n", "if (now < DateTimeOffset.MinValue)\n"),
        new("an undo forgets what its own attempt has sent", "Orchestrations/Undo/UndoJournal.cs", "if (attempt.MayHaveSent) attempt.SettledAt =", "if (attempt.Number < 0) attempt.SettledAt ="),
        new("a cancel is forgotten by a run that fails in the same attempt", "Orchestrations/Undo/UndoJournal.cs", "\"CASE WHEN cancel_requested THEN 'cancelled' ELSE @Ending END\"", "\"@Ending\""),
        new("the undo does not wait for what may still show", "Orchestrations/Undo/UndoRunner.cs", "if (found.Count == 0 && now < attempt.SettledAt)", "if (found.Count == 0 && now < DateTimeOffset.MinValue)"),
        new("a claim does not look at the lease", "Claims/ClaimTable.cs", "AND {Free(\"r\")} AND a.token", "AND a.token"),
        new("a step that is handed back counts as not sent", Steps + "Attempt.cs", "public bool IsNotDone => !_isUnderWay || Refusal is not null;", "public bool IsNotDone => true;"),
        new("of two steps one that may have been done is forgotten for one that was not", Steps + "Attempt.cs", "public bool MayHaveSent => Begun.Values.Any(", "public bool MayHaveSent => Begun.Values.All("),
        new("the cap is not looked at", "Spending/Activations.cs", "<= COALESCE(a.daily_cap_cents, @DayCap))\n", "<= 9000000000000000)\n"),
        new("a stop is over although an activation may be under way", "Spending/StopStore.cs", "WHERE request_id = @RequestId AND {IsQuiet}\n                RETURNING request_id),", "WHERE request_id = @RequestId\n                RETURNING request_id),"),
        new("the campaign is activated first", Steps + "ActivateStep.cs", "in attempt.Tree.Shape.Switches.Reverse().Where(", "in attempt.Tree.Shape.Switches.Where("),
        new("what is missing once is gone", "Meta/Ads/MetaAds.cs", "return status == ObjectState.Gone.Status ? true : throw", "return status.Length > 0 ? true : throw"),
        new("what is called missing twice is gone", "Meta/Ads/MetaAds.cs", "if (!await IsShownDeletedAsync(credential, metaId, said, ct))", "if (!await IsShownDeletedAsync(credential, metaId, said, ct) && metaId.Length == 0)"),
        new("a refusal marks whatever token there is", "Accounts/AccountStore.cs", "WHERE id = @Id AND access_token = @ClosedToken", "WHERE id = @Id"),
        new("nothing is begun after a stop, but the journal does not look", Steps + "StepJournal.cs", "WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = @AccountId) LIMIT 1)", "WHERE false)"),
        new("a day is replaced before its last page is read", "Insights/Reports/ReportJournal.cs", "state = CASE WHEN @Cursor::text IS NULL THEN 'read' ELSE state END", "state = 'read'") { IsOfNumbers = true },
        new("a second run takes a sync that is held", "Claims/ClaimTable.cs", "AND {Free(\"r\")} AND a.token", "AND a.token") { IsOfNumbers = true },
        new("of a tree's creatives the undo deletes one", Steps + "TreeShape.cs", ".. Ads.Reverse().Select(ad => ad.CreativeStep),", ".. Ads.Reverse().Take(1).Select(ad => ad.CreativeStep),"),
        new("of a tree only the first ad is switched on", Steps + "TreeShape.cs", ".. Ads.Select(ad => ad.Step)];", ".. Ads.Take(1).Select(ad => ad.Step)];"),
        new("a creative is made when the first of its clips is there", Steps + "TreeShape.cs", "StepName.Creative => [StepName.Campaign, .. AdOf(step).MediaSteps],", "StepName.Creative => [StepName.Campaign, .. AdOf(step).MediaSteps.Take(1)],"),
        new("the ads of a tree share one marker", Steps + "StepName.cs", "=> step[StepName.KindOf(step).Length..];", "=> step.Length > 100 ? step : \"\";"),
        new("an edit overtakes an earlier one", "Claims/ClaimTable.cs", "AND e.number < r.number AND e.state IN ('queued', 'running', 'waiting')", "AND e.number < 0 AND e.state IN ('queued', 'running', 'waiting')"),
        new("a pause is over although an activation may be under way", "Campaigns/EditStore.cs", "(NOT @NotWhileBusy OR NOT EXISTS (", "(true OR NOT EXISTS ("),
        new("what an edit has sent whose process died is not waited for by the next", "Campaigns/EditStore.cs", ") d WHERE d.quiet_since > @Since))", ") d WHERE false))"),
        new("a pause is over when what could come after it can come no more by then", "Campaigns/EditStore.cs", "AND v.busy_until > @ClaimedAt))", "AND v.busy_until > clock_timestamp()))"),
        new("a stop is over when what could come after it can come no more by then", "Spending/StopStore.cs", "(changed_at = @ChangedAt AND NOT @IsBusy)", "(changed_at = @ChangedAt AND (busy_until IS NULL OR busy_until < clock_timestamp()))"),
        new("a start does not wait for a pause under way", "Spending/Activations.cs", "(@IsRaise OR {NotPausingSql})", "(true OR {NotPausingSql})"),
        new("one run of a start ends what another is activating", "Spending/StopStore.cs", "(resumes > @Permits AND busy_until > clock_timestamp())", "(resumes > @Permits AND false)"),
        new("a raise has no permit", "Campaigns/UpdateObject.cs", "if (claim.IsCounted || await IsOnAsync(claim, seen, ct))\n", "if (claim.IsCounted && claim.Number < 0)\n"),
        new("an edit that was made void goes on", "Campaigns/EditStore.cs", "WHERE {Table.Held} AND (NOT @NotWhileBusy", "WHERE edit_id = @EditId AND (NOT @NotWhileBusy"),
        new("what a stop pauses after an edit is noted nowhere", "Spending/PauseSpending.cs", "while (!await store.NoteAsync(spender, metaId, ct));", "while (!await store.NoteAsync(spender, metaId, ct) && spender.IsIdle && !spender.IsIdle);"),
        new("what an edit that became void has done is told by nobody", "Campaigns/RequestEdit.cs", "lease_until = CASE WHEN NOT ({MayHaveMade}) THEN COALESCE(e.lease_until, CASE WHEN NOT ({waits}) AND e.abandoned > 0 THEN e.quiet_since END) END,", "lease_until = NULL,"),
        new("a creative of an edit is created again without a look", Steps + "StepRunner.cs", "StepName.IsCreate(step) && attempt.StateOf(step) == StepState.Started && !attempt.Begun.ContainsKey(step);", "attempt.EditId is null && StepName.IsCreate(step) && attempt.StateOf(step) == StepState.Started && !attempt.Begun.ContainsKey(step);"),
        new("what an edit has made is deleted although the ad may yet be pointed to it", "Campaigns/Contents/MakeCreative.cs", "if (time.GetUtcNow() < settledAt) return", "if (time.GetUtcNow() < DateTimeOffset.MinValue) return"),
        new("the upload of a file that may be finished begins anew", "Clips/Files/ClipFileUpload.cs", "attempt.Account.AdAccountId), seen?.Session, false);", "attempt.Account.AdAccountId), seen?.Session is { IsWhole: false } open ? open : null, false);"),
        new("an undo deletes the campaign it was given", "Orchestrations/Undo/UndoRunner.cs", "        failed.Throw();\n", "        if (attempt.Request.CampaignId is { } given) await meta.DeleteAsync(attempt.Credential.Unyielding(), given, ct);\n        failed.Throw();\n"),
        new("an adopted campaign counts from its first comparison on", Adopting, "@EndsAt, @Now WHERE @Status = 'ACTIVE'", "@EndsAt, @Now WHERE @Status = 'ACTIVE' AND false"),
        new("what is new of a campaign that was known counts from its next comparison on", Adopting, "WHERE @IsKnown AND @IsMore AND", "WHERE @IsKnown AND @IsMore AND false AND"),
        new("a campaign is adopted that a run is making", Adopting, "if (campaign is null && await FindMakerAsync(", "if (account.Name.Length == 0 && await FindMakerAsync("),
        new("an adoption takes what a run is adding", Adopting, "!underWay.Contains(id) && (Marker.Split(values.Name ?? \"\").Marker is not { } marker || !underWay.Contains(marker));", "underWay.Count >= 0;"),
        new("a row is let in by one commit and marked by another", "Batches/FeedBatches.cs", "using var transaction = JobTransaction.Begin();\n        List<NextRow> rows;", "using var transaction = new System.Transactions.TransactionScope(System.Transactions.TransactionScopeOption.Suppress, System.Transactions.TransactionScopeAsyncFlowOption.Enabled);\n        List<NextRow> rows;"),
        new("a run that is cancelled is told to nobody", "../db/migrations/V0045__events_out.sql", "WHEN (NEW.status IN ('succeeded', 'failed', 'cancelled') AND", "WHEN (NEW.status IN ('succeeded', 'failed') AND"),
        new("an edit that was made void is told to nobody", "../db/migrations/V0045__events_out.sql", "WHEN (NEW.state IN ('succeeded', 'failed', 'cancelled', 'missed', 'expired') AND", "WHEN (NEW.state IN ('succeeded', 'failed') AND"),
        new("what has a time does not wait for it", "Claims/ClaimTable.cs", "WHEN r.due_at > @Now THEN 'its time has not come yet'", "WHEN false THEN 'its time has not come yet'"),
        new("nobody looks whether it is approved", "Spending/Activations.cs", "(@GivesBack OR a.approval_required = 'none'", "(true OR @GivesBack OR a.approval_required = 'none'"),
        new("of reviews that are saved together one is told what another is", "Orchestrations/Review/ReviewStore.cs", "AS f (request_id, step, meta_id, status, issues) USING (request_id)),", "AS f (request_id, step, meta_id, status, issues) ON true),"),
        new("an undo that finds what it lost does not write it down", "Orchestrations/Undo/UndoRunner.cs", "await journal.FoundAsync(attempt, step, found[0], ct);\n                    if (await TryDeleteAsync", "if (await TryDeleteAsync"),
        new("an event is noted as received before it is sent", Delivering + "DeliverEvents.cs", "        var answer = await TrySendAsync(delivery);\n", "        await store.NoteAsync(delivery, new(200, 0, null), null, CancellationToken.None);\n        var answer = await TrySendAsync(delivery);\n"),
        new("an event that a dead process had taken is sent by nobody", Delivering + "DeliveryStore.cs", "(SELECT id FROM hook) AND d.state = 'pending' AND d.next_at <= @Now AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())", "(SELECT id FROM hook) AND d.state = 'pending' AND d.next_at <= @Now AND d.lease_until IS NULL"),
        new("an event is sent by two at a time", Delivering + "DeliveryStore.cs", "AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())\n                ORDER BY d.next_at LIMIT", "ORDER BY d.next_at LIMIT"),
        new("an event that is sent again tells something else", "Events/Texts/EventBodies.cs", "Time = delivery.OccurredAt,", "Time = delivery.OccurredAt.AddSeconds(delivery.Attempt),"),
        new("a message is told in another commit than its alert", Evaluating, "            await TellAlert.TellAsync(connection, transaction, rule, episode, now, ct);\n", OwnCommit + "            await TellAlert.TellAsync(other, own, rule, episode, now, ct);\n" + OwnEnd),
        new("what fires is noted in another commit than its alert", Evaluating, "        await EvaluationStore.WriteStatesAsync(connection, transaction, ruleId, turn.States, ct);\n", OwnCommit + "        await EvaluationStore.WriteStatesAsync(other, own, ruleId, turn.States, ct);\n" + OwnEnd),
        new("an alert looks at what has failed of late alone", "Alerts/Evaluating/StandingSql.cs", "WHERE o.completed_at > @Now - make_interval(hours => @Hours)", "WHERE o.completed_at > @Now - interval '10 minutes'"),
        new("an alert takes numbers that are untold for nothing", "Alerts/Evaluating/MeasureSql.cs", "OR m.is_told = false THEN", "THEN"),
        new("an alert is over below the threshold, and not where it is well", "Alerts/Evaluating/MeasureObjects.cs", "ResolveAt = rule.ResolveAt ?? rule.Threshold,", "ResolveAt = rule.Threshold,"),
        new("who pauses a campaign makes forgotten what a stop has paused below it", "Campaigns/EditStore.cs", "WHEN @IsPause AND @Activation IS DISTINCT FROM 'ended' THEN ARRAY(SELECT", "WHEN @IsPause AND @Activation IS NULL THEN ARRAY(SELECT"),
        new("what was proposed is asked for by whoever comes second, too", "Campaigns/RequestEdit.cs", "return proposed is null || (await read.ReadAsync<int>()).Any();", "if (proposed is not null) await read.ReadAsync<int>();\n        return true;"),
        new("a winner is given what was to be freed for it, freed or not", "Experiments/Proposing/CarryOutProposal.cs", "pauses.Find(pause => !pause.IsDone) is { } running", "pauses.Find(pause => pause.MetaId.Length == 0) is { } running"),
        new("a pool gives what it was to take and did not", "Budgets/CarryingOut/CarryOutProposals.cs", "lowered.Lowerings.Where(move => move.IsDone).Sum(move => move.Raise);\n        foreach", "lowered.Lowerings.Sum(move => move.Raise);\n        foreach"),
        new("a permit outlives the beginning of a freeze", "Spending/Activations.cs", "if (permit?.FreezeFrom <= time.GetUtcNow()) throw", "if (permit?.FreezeFrom <= DateTimeOffset.MinValue) throw"),
        new("a freeze is not looked at when it is permitted", "Spending/Activations.cs", "AND NOT EXISTS (SELECT 1 FROM freeze_of(@AccountId, @Now)) AND {ApprovedSql}", "AND {ApprovedSql}"),
        new("a pause waits for the end of a freeze", "Claims/ClaimTable.cs", "CASE WHEN r.kind IN ('publish', 'resume') THEN (SELECT why FROM freeze_of(a.id, @Now)) END) END\n            \"\"\",\n        HeldUntil", "NULL) ELSE (SELECT why FROM freeze_of(a.id, @Now)) END\n            \"\"\",\n        HeldUntil"),
        new("what is to end later is counted longer once that is done", "Campaigns/UpdateObject.cs", "(claim.IsCounted && !await activations.CountLongerAsync(", "(claim.IsCounted && claim.Number < 0 && !await activations.CountLongerAsync("),
        new("a later end for what has ended has no permit", "Campaigns/UpdateObject.cs", "if (after.DailyAmountCents(now) > stands.DailyAmountCents(now) || (edited.EndTime is not null\n            && (hasEnded", "if (!hasEnded && after.DailyAmountCents(now) > stands.DailyAmountCents(now) || (!hasEnded && edited.EndTime is not null\n            && (hasEnded"),
        new("a start goes by what is known, and not by what stands at Meta", "Spending/ResumeSpending.cs", "tree = tree.AsSeen(seen);", "_ = seen;"),
        new("an account is retired while a campaign of it may be active", "Accounts/Retiring/RetireAccount.cs", "internal bool Any => ActiveCampaigns + CallsUnderWay + OpenRuns", "internal bool Any => OpenRuns"),
        new("a night forgets what a pool was owed before", "Budgets/CarryingOut/CarryOutProposals.cs", "Math.Max(0, proposal.OwedBeforeCents - proposal.Moves", "Math.Max(0, 0 - proposal.Moves"),
    ];

    private static string Root => Path.GetFullPath(Path.Combine(TestContext.CurrentContext.TestDirectory, "..", "..", "..", ".."));

    [TestCaseSource(nameof(Defects))]
    public void A_planted_defect_still_has_its_place(PlantedDefect defect)
    {
        var source = File.ReadAllText(Path.Combine(Root, "MetaAdsJobs.Core", defect.File));
        Assert.That(Regex.Count(source, Regex.Escape(defect.Right)), Is.EqualTo(1));
    }

    /// <summary>Builds the service with the defect in a folder of its own, and has up to 1,500 histories searched. A minute or a few each.</summary>
    [TestCaseSource(nameof(Defects)), Long]
    public async Task A_planted_defect_is_found(PlantedDefect defect)
    {
        var folder = Directory.CreateTempSubdirectory("metaadsjobs-planted-").FullName;
        try
        {
            await RunAsync("git", Root, "clone", "-q", Root, folder);
            var file = Path.Combine(folder, "MetaAdsJobs.Core", defect.File);
            File.WriteAllText(file, File.ReadAllText(file).Replace(defect.Right, defect.Wrong, StringComparison.Ordinal));
            var (built, log) = await RunAsync("dotnet", folder, "build", "MetaAdsJobs.Tests", "-c", "Release", "-v", "quiet");
            Assert.That(built, Is.Zero, log);
            var (code, told) = await RunAsync("dotnet", folder, "test", "MetaAdsJobs.Tests", "-c", "Release", "--no-build", "--logger", "console;verbosity=normal",
                "--filter", defect.IsOfNumbers ? "(FullyQualifiedName~SimulationTests.No_history_of_numbers)&TestCategory=Long" : "FullyQualifiedName~SimulationTests.No_history_breaks");
            TestContext.Progress.WriteLine($"{defect}: {(code == 0 ? "not found" : $"{FoundBy().Matches(told).Select(one => one.Value).Distinct().FirstOrDefault()}")}");
            Assert.That(code, Is.Not.Zero, "no history has shown it");
            Assert.That(told, Does.Match(FoundBy()), told);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, string Told)> RunAsync(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What is found is enough.
        start.Environment["SIMULATION_SHORTEN"] = "0";
        start.Environment["SIMULATION_SEEDS"] = "1500";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    [GeneratedRegex("Seed [0-9]+: [^\n]{0,200}")]
    private static partial Regex FoundBy();
}
