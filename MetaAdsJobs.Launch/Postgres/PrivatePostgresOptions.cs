namespace MetaAdsJobs.Launch.Postgres;

/// <summary>What kind of private cluster is wanted.</summary>
public sealed class PrivatePostgresOptions
{
    /// <summary>Where the cluster lives between starts; without it, a new folder among the temporary ones.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The folder above is ours too, so that the server's user may be let through it.</summary>
    public bool OwnsParent { get; init; }

    /// <summary>The TCP port on 127.0.0.1; by default a free one.</summary>
    public int? Port { get; init; }

    /// <summary>The folder is deleted at the end, also when the owner was killed.</summary>
    public bool Temporary { get; init; }

    /// <summary>Server settings beyond PostgreSQL's defaults, such as max_connections. fsync stays on unless set here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Told what a person should know, such as another folder being used.</summary>
    public Action<string> Say { get; init; } = _ => { };
}
