namespace MetaAdsJobs.Console.Language;

/// <summary>Of the pages about numbers.</summary>
internal static class SpanishNumbers
{
    public static readonly (string English, string Spanish)[] Words =
    [
        ("Spend", "Gasto"), ("Impressions", "Impresiones"), ("Clicks", "Clics"), ("CTR", "CTR"), ("CPC", "CPC"), ("Results", "Resultados"), ("Cost per result", "Coste por resultado"),
        ("As first seen", "Como se vio primero"), ("Now", "Ahora"), ("Period before", "Período anterior"), ("Compare with the period before", "Comparar con el período anterior"),
        ("{0} against the period before", "{0} frente al período anterior"), ("no comparison", "sin comparación"), ("Meta's id; empty for all", "Id de Meta; vacío para todas"),
        ("Last {0} whole days", "Últimos {0} días enteros"), ("Export CSV", "Exportar CSV"), ("Campaigns", "Campañas"), ("Run", "Ejecución"), ("Synced at", "Sincronizado"), ("not known", "no se sabe"), ("none", "ninguna"),
        ("None of these days was ever synced.", "Ninguno de estos días se ha sincronizado."), ("Difference from Meta's own sum", "Diferencia con la suma de Meta"),
        ("No longer told by Meta, counted on", "Meta ya no lo informa; sigue contando"), ("Days that were never synced: {0}. They are missing below, not zero.", "Días nunca sincronizados: {0}. Abajo faltan, no son cero."),
        ("Not over when it was read: {0}.", "Sin terminar cuando se leyó: {0}."), ("Days on which not all {0} accounts were synced: {1}.", "Días en que no se sincronizaron las {0} cuentas: {1}."),
        ("Meta's own sum differs on: {0}.", "La suma de Meta difiere en: {0}."),
        ("Results of different kinds are not added: they are told where all ads count the same.", "Los resultados de distinto tipo no se suman: se dan donde todos los anuncios cuentan lo mismo."),
        ("These are the accounts billed in {0}: different currencies are not added.", "Son las cuentas facturadas en {0}: no se suman monedas distintas."),
        ("Of {0} ads' days Meta has not told all: the sums are without what it left out.", "De {0} días de anuncios Meta no lo ha dicho todo: las sumas no incluyen lo que omitió."),
        ("Days of the period before that were never synced: {0}.", "Días del período anterior nunca sincronizados: {0}."),
        ("So many days are not shown at once: these are the last {0}. For others choose an account or an earlier last day.", "No se muestran tantos días a la vez: son los últimos {0}. Para otros, elija una cuenta o un último día anterior."),
        ("The campaigns are too many to add up the whole range: this is from {0} on.", "Son demasiadas campañas para sumar todo el período: esto es desde el {0}."),
        ("Whole days end yesterday. Choose today as the last day to see it as far as it was read.", "Los días enteros acaban ayer. Elija hoy como último día para verlo hasta donde se leyó."),
        ("This campaign is unknown here: nothing that was read of the account has ever told of it.", "Esta campaña no se conoce aquí: nada de lo leído de la cuenta ha informado de ella."),
        ("The percentages leave out days that were not over when they were read, and the days that stand against them.", "Los porcentajes no incluyen los días sin terminar cuando se leyeron, ni los días con los que se comparan."),
        ("{0} (days: {1})", "{0} (días: {1})"), ("not known on {0}", "no se sabe en {0}"),
    ];
}
