using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>ASP.NET data protection's keys in PostgreSQL, so that a token encrypted by one process is read by all of them.</summary>
internal sealed class KeyRing(NpgsqlDataSource dataSource) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        const string ListSql = "SELECT xml FROM data_protection_keys ORDER BY id";
        using var connection = dataSource.OpenConnection();
        return [.. connection.Query<string>(ListSql).Select(XElement.Parse)];
    }

    /// <summary>Whether the key opens what another process closed; true when nothing was closed yet. One that opens is enough.</summary>
    public bool OpensWith(string? keyInBase64)
    {
        var boxes = GetAllElements().SelectMany(element => element.Descendants(KeyRingEncryptor.BoxName)).ToList();
        return boxes.Count == 0 || (!string.IsNullOrEmpty(keyInBase64) && boxes.Any(box => KeyRingEncryptor.Opens(box, keyInBase64)));
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        const string InsertSql = "INSERT INTO data_protection_keys (friendly_name, xml) VALUES (@FriendlyName, @Xml)";
        using var connection = dataSource.OpenConnection();
        connection.Execute(InsertSql, new { FriendlyName = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
    }
}
