using System.Globalization;

namespace MetaAdsJobs.Launch.Tokens;

/// <summary>./run token --role admin|manager|viewer --days N: prints a token and nothing else, so that a script can take it.</summary>
internal static class TokenCommand
{
    private const string Usage = "usage: ./run token --role admin|manager|viewer [--days N]   (N from 1 to 3650, default 1)";

    public static int Execute(string[] arguments, string dataFolder, TimeProvider time, TextWriter output, TextWriter errors)
    {
        if (Read(arguments) is not var (role, days))
        {
            errors.WriteLine(Usage);
            return 2;
        }

        output.WriteLine(AccessTokens.Mint(OwnKeys.Signing(dataFolder), role, TimeSpan.FromDays(days), $"{role}@run", time));
        return 0;
    }

    private static (string Role, int Days)? Read(string[] arguments)
    {
        string? role = null;
        var days = 1;
        if (arguments.Length % 2 != 0)
            return null;
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair[0] == "--role" && AccessTokens.Roles.Contains(pair[1]))
                role = pair[1];
            else if (pair[0] != "--days"
                || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out days)
                || days is < 1 or > 3650)
                return null;
        }

        return role is null ? null : (role, days);
    }
}
