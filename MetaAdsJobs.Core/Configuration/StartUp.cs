using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Serilog;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>Runs a process so that wrong configuration ends in one line on standard error and exit code 1, not in a stack trace.</summary>
public static class StartUp
{
    public static Task<int> RunAsync(Func<Task> process) => RunAsync(process, Console.Error);

    /// <param name="process">All of it, to its end.</param>
    /// <param name="errors">Where the line goes.</param>
    public static async Task<int> RunAsync(Func<Task> process, TextWriter errors)
    {
        try
        {
            await process();
            return 0;
        }
        catch (OptionsValidationException exception)
        {
            await TellAsync(errors, exception.Failures);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            // One for each class of options.
            await TellAsync(errors, exception.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }
        catch (ConfigurationException exception)
        {
            await TellAsync(errors, [exception.Message]);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            // Kestrel names the address.
            await TellAsync(errors, [exception.Message]);
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }

        return 1;
    }

    /// <summary>All of the configuration at once, before anything is made of it: a process that will not start has no business in the database.</summary>
    public static T CheckConfiguration<T>(this T host) where T : IHost
    {
        host.Services.GetRequiredService<IStartupValidator>().Validate();
        return host;
    }

    private static Task TellAsync(TextWriter errors, IEnumerable<string> failures) =>
        errors.WriteLineAsync($"Wrong configuration: {string.Join("; ", failures).ReplaceLineEndings(" ")}");
}
