using System.Runtime.CompilerServices;
using Dapper;

namespace MetaAdsJobs.Tests.Support;

/// <summary>
/// To Dapper all databases of the tests are one: they have one schema. It would compile what reads a row, and what fills in parameters,
/// once for each of some hundred connection strings otherwise. (What reads a row is compiled anew when a statement's columns differ.)
/// </summary>
internal sealed class OneSchema : IEqualityComparer<string>
{
    public bool Equals(string? one, string? other) => true;

    public int GetHashCode(string connectionString) => 0;

    [ModuleInitializer]
    internal static void Share() => SqlMapper.ConnectionStringComparer = new OneSchema();
}
