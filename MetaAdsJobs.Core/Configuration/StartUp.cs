using Microsoft.Extensions.Options;
using Serilog;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>Runs a process so that wrong configuration ends in one line on standard error and exit code 1, not in a stack trace.</summary>
public static class StartUp
{
    public static async Task<int> RunAsync(Func<Task> process)
    {
        try
        {
            await process();
            return 0;
        }
        catch (OptionsValidationException exception)
        {
            await Console.Error.WriteLineAsync($"Wrong configuration: {string.Join("; ", exception.Failures)}");
        }
        catch (ConfigurationException exception)
        {
            await Console.Error.WriteLineAsync($"Wrong configuration: {exception.Message}");
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }

        return 1;
    }
}
