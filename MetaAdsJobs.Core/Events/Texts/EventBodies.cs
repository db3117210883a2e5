using System.Net.Mime;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using MetaAdsJobs.Core.Events.Delivering;

namespace MetaAdsJobs.Core.Events.Texts;

/// <summary>What is sent of an event: a CloudEvent in JSON, or a message that Slack shows. The same each time it is sent.</summary>
internal sealed class EventBodies(EventOptions options)
{
    private readonly JsonEventFormatter _formatter = new();

    public (ReadOnlyMemory<byte> Bytes, string ContentType) Of(TakenDelivery delivery)
    {
        var data = JsonElement.Parse(delivery.Data);
        if (delivery.Format == Webhook.Slack) return (JsonSerializer.SerializeToUtf8Bytes(new { text = SlackText.Of(delivery.Type, data, options.PublicUrl) }), MediaTypeNames.Application.Json);
        var told = new CloudEvent(CloudEventsSpecVersion.V1_0)
        {
            Id = delivery.EventId.ToString(), Type = delivery.Type, Source = new Uri(options.Source, UriKind.RelativeOrAbsolute), Subject = delivery.Subject, Time = delivery.OccurredAt,
            DataContentType = MediaTypeNames.Application.Json, Data = data,
        };
        return (_formatter.EncodeStructuredModeMessage(told, out var type), type.ToString());
    }

    public (string Subject, string Body) MailOf(TakenDelivery delivery) => MailText.Of(delivery.Type, JsonElement.Parse(delivery.Data), options.PublicUrl);
}
