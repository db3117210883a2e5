using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Batches.Files;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Into;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Batches;

/// <summary>A row in which nothing is wrong.</summary>
/// <param name="Body">The request: what is left of the row without the batch's own fields, its name made.</param>
/// <param name="Hash">Of what was asked for, before names were made: on another day it is the same.</param>
internal sealed record CheckedRow(int Number, string RowId, SocialAccount Account, string? CampaignName, JsonObject Sent, OrchestrationRequest Request, byte[] Hash);

/// <summary>Judges all rows of a file by the rules that a single request is judged by, and nothing else of the world than our own database: everything that is wrong is told at once.</summary>
internal sealed class CheckRows(BatchStore store, GivenStore givenStore, AccountStore accounts, SpendingCaps caps, TimeProvider time)
{
    private const int LongestId = 100;

    /// <returns>The rows in which nothing is wrong.</returns>
    public async Task<IReadOnlyList<CheckedRow>> ExecuteAsync(BatchFile file, RowErrors errors, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var rows = file.Rows.Select(row => (Row: row, Element: JsonSerializer.SerializeToElement(row.Sent))).ToList();
        var known = await store.FindKnownAsync(
            [.. rows.Select(row => new JsonFields(row.Element, new()).Id("social_account_id")).OfType<Guid>().Distinct()], [.. rows.SelectMany(row => RequestParts.ClipsOf(row.Element)).Distinct()],
            [.. rows.Select(row => row.Row.ExportedRun).OfType<Guid>().Distinct()], ct);
        var foreign = await ForeignAssets.ListAsync(accounts, rows.Select(row => row.Element), ct);
        var (read, ids) = (new List<CheckedRow>(), new Dictionary<(Guid, string), int>());
        foreach (var (row, element) in rows)
        {
            var ofRow = new FieldErrors();
            var own = new JsonFields(element, ofRow);
            var rowId = own.Text(RowColumns.RowId, required: true, LongestId);
            // A file that was exported, kept by a spreadsheet and sent again would name another row.
            if (rowId is not null && rowId.Trim() != rowId) own.Refuse(RowColumns.RowId, "must neither begin nor end with a space");
            own.Text(RowColumns.Brand, max: LongestId);
            var account = new JsonFields(element, new()).Id("social_account_id") is { } accountId ? known.Accounts.GetValueOrDefault(accountId) : null;
            if (rowId is not null && account is not null && !ids.TryAdd((account.Id, rowId), row.Number))
                ofRow.Add(RowColumns.RowId, $"is the id of row {ids[(account.Id, rowId)]}, too; each row of an account has its own");
            // A spreadsheet makes 1 of 001: what has a run already would be made once more.
            if (rowId is not null && account is not null && row.ExportedRun is { } run && known.Runs.GetValueOrDefault(run) is { } exported && exported.SocialAccountId == account.Id && exported.RowId.Trim() != rowId)
                own.Refuse(RowColumns.RowId, $"was {exported.RowId} when this row was exported: perhaps a spreadsheet has changed it. Write it as it was, in a cell of text; for an ad of its own leave {RowColumns.RequestId} empty");
            var judged = await JudgeAsync(row, element, account, known, now, ofRow, ct);
            ForeignAssets.Tell(element, foreign, ofRow);
            errors.Add(row.Number, rowId, ofRow);
            if (!ofRow.Any) read.Add(new(row.Number, rowId!, account!, judged!.Name, row.Sent, judged.Request, judged.Hash));
        }

        return read;
    }

    /// <summary>The request that a row asks for: without the batch's own fields, under the name that was made.</summary>
    public static JsonElement BodyOf(JsonObject sent, string? name)
    {
        var body = sent.DeepClone().AsObject();
        body.Remove(RowColumns.RowId);
        body.Remove(RowColumns.Brand);
        if (name is not null) body[RowNames.Field] = name;
        return JsonSerializer.SerializeToElement(body);
    }

    private async Task<Judged?> JudgeAsync(FileRow row, JsonElement element, SocialAccount? account, KnownOfRows known, DateTimeOffset now, FieldErrors errors, CancellationToken ct)
    {
        var template = new JsonFields(element, new()).Text(RowNames.Field, max: 1000);
        var clips = RequestParts.ClipsOf(element);
        var name = template is null || account is null ? template
            : RowNames.Make(template, element, account, new JsonFields(element, new()).Id("clip_id") is { } clip ? known.Clips.GetValueOrDefault(clip)?.Title : null, now, message => errors.Add(RowNames.Field, message));
        var body = BodyOf(row.Sent, name);
        Given? given = null;
        if (GivenStore.IsNamed(body))
        {
            given = await givenStore.FindAsync(body, errors, ct);
            if (given is null) return null;
            body = given.Complete(body, errors);
        }

        var request = RequestValidation.Read(body, errors, out _, given);
        if (!errors.IsFull)
        {
            RequestValidation.CheckNow(body, now, errors, given);
            var images = clips.Where(known.Clips.ContainsKey).ToDictionary(one => one, one => known.Clips[one].IsImage);
            if (account is not null) RequestValidation.CheckAgainst(account, caps, images, body, request, now, errors, given);
        }

        if (request?.ValidateOnly == true) errors.Add("validate_only", "is not for rows of a batch; dry_run=true checks a whole file");
        if (account is null && new JsonFields(element, new()).Id("social_account_id") is { } id) errors.Add("social_account_id", $"there is no social account {id}");
        foreach (var unknown in clips.Where(one => !known.Clips.ContainsKey(one)).Take(10)) errors.Add("clip_id", $"there is no clip {unknown}");
        if (errors.Any) return null;
        var hash = given is not null ? GivenStore.HashOf(element)
            : SHA256.HashData(Encoding.UTF8.GetBytes($"{(request! with { CampaignName = template! }).ToJson()}\n{new JsonFields(element, new()).Text(RowColumns.Brand)}"));
        return new(request!, name, hash);
    }

    private sealed record Judged(OrchestrationRequest Request, string? Name, byte[] Hash);
}
