using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// What the service's calls go out by, under its mode as key. The one for <see cref="MetaMode.Live"/> is here; what answers in
/// <see cref="MetaMode.Stub"/>, a host plugs in.
/// </summary>
/// <param name="Graph">The last handler of the Graph client.</param>
/// <param name="Images">The last handler of the downloads of clips' images.</param>
public sealed record MetaTransport(HttpMessageHandler Graph, HttpMessageHandler Images);

/// <summary>A mode for which nothing is plugged in stops the start: it must neither fail at the first call nor reach Meta instead.</summary>
internal sealed class MetaTransportCheck(IServiceProviderIsKeyedService services) : IValidateOptions<MetaOptions>
{
    public ValidateOptionsResult Validate(string? name, MetaOptions options) => services.IsKeyedService(typeof(MetaTransport), options.Mode)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail("META_ADS_MODE: stub mode, which is the default, needs something that answers in Meta's place, and nothing is plugged in here: set it to live");
}
