using System.Collections.Frozen;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Rules;

namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>A way to cut a row into several: the column it adds, its values, and about how many in a hundred each has.</summary>
internal sealed record Breakdown(JsonEncodedText Column, JsonEncodedText[] Values, int[] Hundredths)
{
    /// <summary>In the order in which they cut, so that the order in which they are asked for changes no number.</summary>
    public static readonly Breakdown[] Served =
    [
        Of("country", ("US", 60), ("CA", 25), ("GB", 15)),
        Of("region", ("California", 35), ("Texas", 28), ("Ontario", 22), ("England", 15)),
        Of("publisher_platform", ("facebook", 55), ("instagram", 38), ("audience_network", 7)),
        Of("platform_position", ("feed", 58), ("instagram_stories", 24), ("facebook_reels", 18)),
        Of("impression_device", ("android_smartphone", 48), ("iphone", 40), ("desktop", 12)),
        Of("device_platform", ("mobile_app", 80), ("mobile_web", 8), ("desktop", 12)),
        Of("age", ("18-24", 18), ("25-34", 27), ("35-44", 22), ("45-54", 16), ("55-64", 11), ("65+", 6)),
        Of("gender", ("female", 52), ("male", 45), ("unknown", 3)),
    ];

    /// <summary>Of those that Meta knows beside; a report with one of these is refused for this Graph's sake.</summary>
    public static readonly FrozenSet<string> NotServed = LegalNames.Set("""
        ad_format_asset app_id body_asset breakdown_reporting_ad_id call_to_action_asset coarse_conversion_value
        conversion_destination creative_relaxation_asset_type description_asset dma fidelity_type
        flexible_format_asset_type frequency_value gen_ai_asset_type
        hourly_stats_aggregated_by_advertiser_time_zone hourly_stats_aggregated_by_audience_time_zone hsid
        image_asset impression_view_time_advertiser_hour_v2 is_auto_advance is_conversion_id_modeled
        is_rendered_as_delayed_skip_ad landing_destination link_url_asset mdsa_landing_destination media_asset_url
        media_creator media_destination_url media_format media_origin_url media_text_content media_type mmm
        place_page_id postback_sequence_index product_id redownload skan_campaign_id skan_conversion_id skan_version
        standard_event_content_type title_asset user_persona_id user_persona_name user_segment_key video_asset
        """);

    private static Breakdown Of(string column, params (string Value, int Hundredths)[] values) => new(
        JsonEncodedText.Encode(column),
        [.. values.Select(value => JsonEncodedText.Encode(value.Value))],
        [.. values.Select(value => value.Hundredths)]);
}

/// <summary>How one ad's numbers fall on the cells of a report's breakdowns: a cell is one value of each, the last changing first.</summary>
internal sealed class BreakdownShares
{
    // _upTo[i] belongs to all cells before the i-th. Whole numbers: what is handed out in parts must be the whole again.
    private readonly long[] _upTo;

    public BreakdownShares(IReadOnlyList<Breakdown> breakdowns, ulong seed)
    {
        var dice = new Dice(~seed);
        long[] weights = [1];
        foreach (var breakdown in breakdowns)
        {
            var own = breakdown.Hundredths.Select(share => (long)Math.Max(1, share * dice.Between(0.6, 1.4))).ToArray();
            weights = [.. weights.SelectMany(weight => own.Select(share => weight * share))];
        }

        _upTo = new long[weights.Length + 1];
        for (var i = 0; i < weights.Length; i++)
            _upTo[i + 1] = _upTo[i] + weights[i];
    }

    public long Total => _upTo[^1];

    /// <param name="phase">Below <see cref="Total"/>: which cells get what cannot be divided.</param>
    public long Part(long whole, int cell, long phase) => ((whole * _upTo[cell + 1]) + phase) / Total - (((whole * _upTo[cell]) + phase) / Total);
}
