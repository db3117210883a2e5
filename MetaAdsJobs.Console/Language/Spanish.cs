namespace MetaAdsJobs.Console.Language;

/// <summary>Every text of the console in Spanish, by the English one. A test holds it complete.</summary>
internal static class Spanish
{
    private static readonly (string English, string Spanish)[] Everywhere =
    [
        ("Skip to content", "Ir al contenido"), ("Pages", "Páginas"), ("Runs", "Ejecuciones"), ("New", "Nueva"), ("Numbers", "Cifras"), ("Syncs", "Sincronizaciones"),
        ("Accounts", "Cuentas"), ("Clips", "Clips"), ("Jobs", "Trabajos"), ("Day", "Día"), ("As a table", "Como tabla"), ("Note", "Nota"), ("not over yet", "sin terminar"), ("not synced", "sin sincronizar"),
        ("Signed in as", "Sesión de"), ("Sign out", "Cerrar sesión"), ("admin", "administrador"),
        ("manager", "gestor"), ("viewer", "lector"), ("Older", "Anteriores"), ("Newest", "Más recientes"), ("Nothing found.", "No se ha encontrado nada."), ("Account", "Cuenta"),
        ("All", "Todas"), ("Search", "Buscar"), ("From", "Desde"), ("To", "Hasta"), ("Show", "Mostrar"), ("Reset", "Restablecer"), ("State", "Estado"), 
        ("Not found", "No encontrado"), ("There is nothing at this address.", "No hay nada en esta dirección."),
        ("The form had expired. Please try again.", "El formulario había caducado. Inténtelo de nuevo."),
        ("The form had expired: nothing was done, and anything typed has to be typed again.", "El formulario había caducado: no se ha hecho nada y hay que volver a escribir lo escrito."),
        ("The database is away", "La base de datos no responde"), ("This page tries again by itself every ten seconds.", "Esta página lo intenta de nuevo cada diez segundos."),
        ("What you sent was perhaps not saved: look at the page again before you send it once more.", "Lo enviado quizá no se haya guardado: mire la página antes de enviarlo otra vez."),
        ("Try again", "Intentar de nuevo"), ("There is nothing here", "Aquí no hay nada"), ("Something went wrong", "Algo ha ido mal"),
        ("Whoever operates this service finds the cause in its logs by this id:", "Quien opera el servicio encuentra la causa en sus registros con este id:"),
        ("Too much at once", "Demasiado a la vez"), ("Nothing was done. Please go back and try again in a moment.", "No se ha hecho nada. Vuelva atrás e inténtelo de nuevo en un momento."), ("This cannot be done", "Esto no se puede hacer"), ("Back to the console", "Volver a la consola"),
    ];

    public static readonly Dictionary<string, string> Words =
        new[] { Everywhere, SpanishRuns.Words, SpanishNew.Words, SpanishNumbers.Words, SpanishSyncs.Words, SpanishAccounts.Words, SpanishJobs.Words }
            .SelectMany(page => page).ToDictionary(pair => pair.English, pair => pair.Spanish);
}
