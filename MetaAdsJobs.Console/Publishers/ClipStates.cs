namespace MetaAdsJobs.Console.Publishers;

/// <summary>Words for what events become.</summary>
internal static class ClipStates
{
    public static string Word(string state) => state switch
    {
        "over_limit" => "over a limit",
        "held" => "to be approved",
        _ => state,
    };
}
