using MetaAdsJobs.Core.Database.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Events;

/// <summary>Closes webhooks' secrets and addresses for the database and opens them for a delivery; nowhere else are they readable.</summary>
internal sealed class WebhookSecrets(IDataProtectionProvider protection, RereadRing ring, TimeProvider time) : Sealer("webhooks", protection, ring, time);
