using System.Net;
using System.Text.Json;
using MetaAdsJobs.Core.Addresses;
using MetaAdsJobs.Core.Events.Mailing;
using MetaAdsJobs.Core.Validation;
using MimeKit;

namespace MetaAdsJobs.Core.Events;

/// <summary>What a body says of a webhook. In a change, what is absent stays, and null takes an optional field away.</summary>
/// <param name="Url">Null: as it is.</param>
internal sealed record WebhookFields(string? Url, string? Description, string Format, string[]? EventTypes, Guid[]? AccountIds, bool? Enabled);

internal static class WebhookValidation
{
    private const int MostAccounts = 500;
    private static readonly HashSet<string> Formats = [Webhook.CloudEvents, Webhook.Slack, Webhook.Mail];

    /// <returns>Null when something is wrong.</returns>
    public static WebhookFields? Read(JsonFields fields, Webhook? current, EventOptions options, SmtpOptions smtp)
    {
        var isNew = current is null;
        if (!isNew && fields.IsNull("url")) fields.Refuse("url", "cannot be taken away");
        var description = fields.Text("description", max: 200);
        var format = fields.Word("format", Formats);
        var url = (format ?? current?.Format) == Webhook.Mail ? MailUrl(fields, isNew) : fields.HttpUrl("url", required: isNew);
        if (url is not null && (format ?? current?.Format) != Webhook.Mail && WrongAddress(url, options) is { } wrong) fields.Refuse("url", wrong);
        if (isNew && format == Webhook.Mail && !smtp.CanMail) fields.Refuse("format", "cannot be mail here: no mail server is configured (SMTP_HOST)");
        if (!isNew && format is not null && format != current!.Format) fields.Refuse("format", $"cannot change from {current.Format}; make another webhook instead");
        var types = fields.List("event_types", EventTypes.All.Count, (item, path) => TypeOf(fields, item, path));
        if (types is []) fields.Refuse("event_types", "must hold at least one; leave it out for all");
        var accounts = fields.List("account_ids", MostAccounts, (item, path) => AccountOf(fields, item, path));
        if (accounts is []) fields.Refuse("account_ids", "must hold at least one; leave it out for all");
        var enabled = isNew ? null : fields.Flag("enabled");
        fields.RefuseUnknown();
        if (fields.Errors.Any) return null;
        return new(url, fields.IsNull("description") ? null : description ?? current?.Description, current?.Format ?? format ?? Webhook.CloudEvents,
            fields.IsNull("event_types") ? null : types?.Distinct().ToArray() ?? current?.EventTypes,
            fields.IsNull("account_ids") ? null : accounts?.Select(Guid.Parse).ToArray() ?? current?.AccountIds, enabled);
    }

    // What a name leads to is looked at when a connection is made: it may change at any time.
    private static string? WrongAddress(string url, EventOptions options)
    {
        var parsed = new Uri(url);
        if (parsed.Scheme != Uri.UriSchemeHttps && !options.AllowHttp) return "must be https (EVENTS_ALLOW_HTTP)";
        if (options.AllowPrivateHosts) return null;
        var isInside = IPAddress.TryParse(parsed.IdnHost, out var address) ? !PublicAddresses.IsPublic(address)
            : parsed.IsLoopback || parsed.IdnHost.TrimEnd('.').EndsWith("localhost", StringComparison.OrdinalIgnoreCase);
        return isInside ? "must be on the public internet (EVENTS_ALLOW_PRIVATE_HOSTS)" : null;
    }

    private static string? MailUrl(JsonFields fields, bool isNew)
    {
        if (fields.Text("url", required: isNew, max: 300) is not { } url) return null;
        if (url.StartsWith($"{MailSender.Scheme}:", StringComparison.Ordinal) && Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Query.Length == 0
            && MailboxAddress.TryParse(MailSender.AddressOf(parsed), out var mailbox) && mailbox.Name is null or "" && mailbox.Address.Contains('@', StringComparison.Ordinal)) return url;
        fields.Refuse("url", "must be one mail address, such as mailto:ops@example.com");
        return null;
    }

    private static string? TypeOf(JsonFields fields, JsonElement item, string path)
    {
        if (fields.TextOf(item, path, 100) is not { } type) return null;
        if (EventTypes.All.Contains(type)) return type;
        fields.Errors.Add(path, $"must be one of {string.Join(", ", EventTypes.All)}");
        return null;
    }

    private static string? AccountOf(JsonFields fields, JsonElement item, string path)
    {
        if (fields.TextOf(item, path, 100) is not { } text) return null;
        if (Guid.TryParseExact(text, "D", out _)) return text;
        fields.Errors.Add(path, "must be a UUID such as 0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10");
        return null;
    }
}
