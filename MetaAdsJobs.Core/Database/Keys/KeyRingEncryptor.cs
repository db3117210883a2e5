using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>AES-256-GCM over a data protection key: a copy of the database alone opens no account's token.</summary>
internal sealed class KeyRingEncryptor(string keyInBase64) : IXmlEncryptor
{
    internal const string BoxName = "box";
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(Convert.FromBase64String(keyInBase64), TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes));
        return new(new XElement(BoxName, Convert.ToBase64String(box)), typeof(KeyRingDecryptor));
    }

    internal static bool Opens(XElement encrypted, string keyInBase64)
    {
        try
        {
            Open(encrypted, keyInBase64);
            return true;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or FormatException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    internal static XElement Open(XElement encrypted, string keyInBase64)
    {
        var box = Convert.FromBase64String(encrypted.Value);
        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Convert.FromBase64String(keyInBase64), TagBytes);
        aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), plain);
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }
}

/// <summary>Opens what <see cref="KeyRingEncryptor"/> closed; data protection creates it by name, with the services.</summary>
internal sealed class KeyRingDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var key = services.GetRequiredService<DatabaseOptions>().DataProtectionKey
            ?? throw new CryptographicException("DATA_PROTECTION_KEY is not set, but the stored data protection keys were encrypted with one.");
        return KeyRingEncryptor.Open(encryptedElement, key);
    }
}
