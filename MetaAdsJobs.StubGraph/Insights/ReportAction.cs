using System.Text.Json;
using MetaAdsJobs.StubGraph.Numbers;
using static MetaAdsJobs.StubGraph.Numbers.Metric;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>
/// One entry of actions or action_values. As at Meta the types overlap: a purchase stands under four, an engagement is a
/// click or a view that stands elsewhere too, so adding types up counts twice.
/// </summary>
internal sealed class ReportAction
{
    private static readonly JsonEncodedText ActionType = JsonEncodedText.Encode("action_type");
    private static readonly string[] PurchaseTypes = ["purchase", "omni_purchase", "web_in_store_purchase", "offsite_conversion.fb_pixel_purchase"];

    // Which counts make up the value that is always told, and the value of each window asked for.
    private readonly (JsonEncodedText Key, Metric[] Of)[] _values;
    private readonly JsonEncodedText _type;

    // Null: the account's of money.
    private readonly decimal? _unit;

    private ReportAction(string type, IReadOnlyList<string> windows, decimal? unit, ByWindow by)
    {
        (_type, _unit) = (JsonEncodedText.Encode(type), unit);
        _values = [(JsonEncodedText.Encode("value"), by.Default), .. windows.Select(window => (JsonEncodedText.Encode(window), by.In(window)))];
    }

    public static ReportField Counted(string field, IReadOnlyList<string> windows)
    {
        var engagement = new ByWindow([Clicks, VideoViews], [Clicks], [Clicks], [Clicks], [VideoViews], [ThruPlays]);
        var pageView = ByWindow.Clicked(LandingPageViews);
        var purchase = ByWindow.Bought(BoughtInADay, BoughtInAWeek, BoughtInAMonth, BoughtAfterAView);
        return List(field,
        [
            new("link_click", windows, 1, ByWindow.Clicked(LinkClicks)),
            new("landing_page_view", windows, 1, pageView),
            new("omni_landing_page_view", windows, 1, pageView),
            new("video_view", windows, 1, new ByWindow([VideoViews], [], [], [], [VideoViews], [ThruPlays])),
            new("post_engagement", windows, 1, engagement),
            new("page_engagement", windows, 1, engagement),
            .. PurchaseTypes.Select(type => new ReportAction(type, windows, 1, purchase)),
        ]);
    }

    public static ReportField Paid(string field, IReadOnlyList<string> windows)
    {
        var paid = ByWindow.Bought(PaidInADay, PaidInAWeek, PaidInAMonth, PaidAfterAView);
        return List(field, [.. PurchaseTypes.Select(type => new ReportAction(type, windows, null, paid))]);
    }

    public static ReportField ThruPlayed(string field, IReadOnlyList<string> windows) =>
        List(field, [new ReportAction("video_view", windows, 1, new ByWindow([ThruPlays], [], [], [], [ThruPlays], [ThruPlays]))]);

    private static ReportField List(string field, ReportAction[] actions)
    {
        var name = JsonEncodedText.Encode(field);
        return (json, scoped in row) =>
        {
            if (!Any(actions, row.Numbers))
                return;

            json.WriteStartArray(name);
            foreach (var action in actions)
                action.Write(json, row);

            json.WriteEndArray();
        };
    }

    private static bool Any(ReportAction[] actions, in InsightNumbers of)
    {
        foreach (var action in actions)
        {
            if (action.IsIn(of))
                return true;
        }

        return false;
    }

    private bool IsIn(in InsightNumbers of)
    {
        foreach (var (_, metrics) in _values)
        {
            if (Sum(metrics, of) != 0)
                return true;
        }

        return false;
    }

    private void Write(Utf8JsonWriter json, scoped in ReportRow row)
    {
        ref readonly var of = ref row.Numbers;
        if (!IsIn(of))
            return;

        json.WriteStartObject();
        json.WriteString(ActionType, _type);
        for (var i = 0; i < _values.Length; i++)
        {
            var sum = Sum(_values[i].Of, of);
            if (sum != 0 || i == 0)
                ReportFields.WriteNumber(json, _values[i].Key, sum * (_unit ?? row.Account.Unit), "0.##");
        }

        json.WriteEndObject();
    }

    private static long Sum(Metric[] metrics, in InsightNumbers of)
    {
        var sum = 0L;
        foreach (var metric in metrics)
            sum += of[metric];

        return sum;
    }

    /// <summary>Which counts belong to which attribution window.</summary>
    private sealed record ByWindow(
        Metric[] Default, Metric[] ClickedInADay, Metric[] ClickedInAWeek, Metric[] ClickedInAMonth, Metric[] ViewedInADay, Metric[] EngagedInADay)
    {
        public static ByWindow Clicked(Metric metric) => new([metric], [metric], [metric], [metric], [], []);

        // As Meta's usual setting has it, what counts is 7 days after a click or 1 day after a view.
        public static ByWindow Bought(Metric inADay, Metric inAWeek, Metric inAMonth, Metric afterAView) => new(
            [inADay, inAWeek, afterAView], [inADay], [inADay, inAWeek], [inADay, inAWeek, inAMonth], [afterAView], []);

        public Metric[] In(string window) => window switch
        {
            "1d_click" => ClickedInADay,
            "7d_click" => ClickedInAWeek,
            "28d_click" => ClickedInAMonth,
            "1d_view" => ViewedInADay,
            "1d_ev" => EngagedInADay,
            "dda" or "default" => Default,
            _ => [],
        };
    }
}
