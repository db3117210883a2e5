namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Every text of the console in Spanish, by the English one. A test holds it complete.</summary>
internal static class Spanish
{
    private static readonly (string English, string Spanish)[] Everywhere =
    [
        ("Skip to content", "Ir al contenido"), ("Pages", "Páginas"), ("Runs", "Ejecuciones"), ("New", "Nueva"), ("Numbers", "Cifras"), ("Syncs", "Sincronizaciones"),
        ("Accounts", "Cuentas"), ("Clips", "Clips"), ("Jobs", "Trabajos"), ("Day", "Día"), ("As a table", "Como tabla"), ("not over yet", "sin terminar"), ("not synced", "sin sincronizar"),
        ("Signed in as", "Sesión de"), ("Sign out", "Cerrar sesión"), ("admin", "administrador"),
        ("manager", "gestor"), ("viewer", "lector"), ("Older", "Anteriores"), ("Newest", "Más recientes"), ("Nothing found.", "No se ha encontrado nada."), ("Account", "Cuenta"),
        ("All", "Todas"), ("Search", "Buscar"), ("From", "Desde"), ("To", "Hasta"), ("Show", "Mostrar"), ("Reset", "Restablecer"), ("State", "Estado"), 
        ("Not found", "No encontrado"), ("There is nothing at this address.", "No hay nada en esta dirección."),
        ("The form had expired. Please try again.", "El formulario había caducado. Inténtelo de nuevo."), 
    ];

    public static readonly Dictionary<string, string> Words =
        new[] { Everywhere, SpanishRuns.Words, SpanishNew.Words, SpanishNumbers.Words, SpanishSyncs.Words, SpanishAccounts.Words, SpanishJobs.Words }
            .SelectMany(page => page).ToDictionary(pair => pair.English, pair => pair.Spanish);
}
