using MetaAdsJobs.Core.Database.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Publishers;

/// <summary>Closes publishers' secrets for the database and opens them to check a signature; nowhere else are they readable.</summary>
internal sealed class PublisherSecrets(IDataProtectionProvider protection, RereadRing ring, TimeProvider time) : Sealer("publishers", protection, ring, time);
