using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>
/// What is added to a campaign that is there is activated by edits of that campaign, asked for in the commit that records it: only so does whoever publishes, raises or pauses the campaign
/// at the same time know of it, and caps count it with the rest. A whole campaign is, too, that is to be activated at a time or when somebody has approved it: an edit can wait for that.
/// </summary>
internal sealed class PublishAdded(IJobQueue queue, TimeProvider time)
{
    /// <summary>The campaign's row first, as whoever asks for an edit does: edits are numbered in the order of their commits.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Attempt attempt, CancellationToken ct)
    {
        const string LockSql = "SELECT 1 FROM meta_campaigns WHERE meta_id = @CampaignId FOR NO KEY UPDATE";
        if (attempt.Request.CampaignId is not { } campaignId) return;
        await connection.ExecuteAsync(new(LockSql, new { CampaignId = campaignId }, transaction, cancellationToken: ct));
    }

    /// <returns>The first of the edits; null when there is nothing to activate.</returns>
    public async Task<Guid?> AskAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Attempt attempt, Progress.Built built, CancellationToken ct)
    {
        const string AskSql = """
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, asked_by, asked_key, made_by, state, asked_at, due_at, held)
            SELECT n.edit_id, c.social_account_id, c.request_id, @Level, n.meta_id, 'publish', @AskedBy, @AskedKey, @RequestId, 'queued', @Now, o.activate_at, o.activate_at IS NOT NULL
            FROM meta_campaigns c, orchestrations o, unnest(@EditIds, @MetaIds) AS n (edit_id, meta_id) WHERE o.request_id = @RequestId AND c.meta_id = @CampaignId AND c.status NOT IN ('DELETED', 'ARCHIVED')
            """;
        var request = attempt.Request;
        if (request.ActivateAt is null && !(request.AutoPublish && (request.CampaignId is not null || attempt.LeavesActivation))) return null;
        var (now, shape) = (time.GetUtcNow(), attempt.Tree.Shape);
        // An ad set with all that hangs on it; of ads below one that is there each by itself.
        var (level, steps) = request.CampaignId is null ? (EditLevel.Campaign, [StepName.Campaign]) : request.AdSetId is null ? (EditLevel.Adset, shape.NewAdSets.Select(adSet => adSet.Step).ToList()) : (EditLevel.Ad, shape.Ads.Select(ad => ad.Step).ToList());
        var editIds = steps.ConvertAll(_ => Guid.CreateVersion7(now)).ToArray();
        var asked = await connection.ExecuteAsync(new(AskSql, new
        {
            CampaignId = request.CampaignId ?? IdOf(StepName.Campaign), Level = EditWords.Of(level), attempt.AskedBy, attempt.Credential.Changes.AskedKey, attempt.RequestId, Now = now, EditIds = editIds,
            MetaIds = steps.ConvertAll(IdOf).ToArray(),
        }, transaction, cancellationToken: ct));
        return asked > 0 ? editIds[0] : null;

        string IdOf(string step) => built.Last.FirstOrDefault(one => one.Step == step)?.MetaId ?? attempt.MetaId(step);
    }

    /// <summary>After the commit. The others follow it, each when the one before has ended; a process that dies here leaves them to the sweep.</summary>
    public void Enqueue(Guid? first)
    {
        if (first is { } editId) queue.EnqueueEdit(editId, goesFirst: false);
    }
}
