namespace MetaAdsJobs.Console.Language;

/// <summary>Of the pages about syncs.</summary>
internal static class SpanishSyncs
{
    public static readonly (string English, string Spanish)[] Words =
    [
        ("Nights", "Noches"), ("Night", "Noche"), ("Failed", "Fallidas"), ("Rows", "Filas"), ("{0} of {1} accounts", "{0} de {1} cuentas"), ("Latest", "Últimas"), ("Days", "Días"), ("Restated", "Corregidas"),
    ];
}
