namespace MetaAdsJobs.Console.Language;

/// <summary>Of the pages about runs.</summary>
internal static class SpanishRuns
{
    public static readonly (string English, string Spanish)[] Words =
    [
        ("queued", "en cola"), ("running", "en curso"), ("waiting", "en espera"), ("succeeded", "terminada"), ("failed", "fallida"), ("cancelled", "cancelada"),
        ("pending", "pendiente"), ("started", "iniciado"), ("confirmed", "confirmado"), ("deleted", "borrado"), ("left", "sin borrar"),
        ("Campaign name, request id or Meta id", "Nombre de campaña, id de solicitud o id de Meta"), ("Campaign", "Campaña"), ("Asked for", "Solicitada"), ("Took", "Duración"),
        ("Attempt", "Intento"), ("Waits for", "Espera"), ("Until", "Hasta"), ("Retry", "Reintentar"), ("Cancel", "Cancelar"), ("Steps", "Pasos"), ("Step", "Paso"), ("At Meta", "En Meta"),
        ("Began", "Comienzo"), ("Ended", "Fin"), ("Errors", "Errores"), ("Request", "Solicitud"), ("What Meta said", "Lo que dijo Meta"), ("Open in Ads Manager", "Abrir en Ads Manager"),
        ("Retry all of these", "Reintentar todas estas"), ("Cancel all of these", "Cancelar todas estas"), ("The run is tried again.", "La ejecución se intenta de nuevo."),
        ("The run is being cancelled.", "La ejecución se está cancelando."), ("It can no longer be cancelled.", "Ya no se puede cancelar."), ("Only a failed run can be retried.", "Solo se puede reintentar una ejecución fallida."),
        ("From (UTC)", "Desde (UTC)"), ("To (UTC)", "Hasta (UTC)"), ("Asked for, days in UTC", "Pedidas, días en UTC"),
        ("There are more runs in this state now than were shown: nothing was changed. Please look at them again.", "Ahora hay más ejecuciones en este estado que las mostradas: no se ha cambiado nada. Revíselas otra vez."),
        ("So many days are not shown at once: these are the last {0}. For others choose an earlier last day.", "No se muestran tantos días a la vez: estos son los últimos {0}. Para otros, elija un último día anterior."),
        ("Runs changed: {0}.", "Ejecuciones cambiadas: {0}."), ("Runs changed: {0}. There are more: begin again to go on.", "Ejecuciones cambiadas: {0}. Hay más: empiece otra vez para continuar."),
        ("Runs to be retried: {0}.", "Ejecuciones que se reintentarán: {0}."), ("Runs to be cancelled and undone at Meta: {0}.", "Ejecuciones que se cancelarán y se desharán en Meta: {0}."), ("more than {0}", "más de {0}"),
        ("Go on", "Continuar"), ("Back", "Volver"), ("Retry runs", "Reintentar ejecuciones"), ("Cancel runs", "Cancelar ejecuciones"), ("campaign", "campaña"), ("adset", "conjunto de anuncios"),
        ("media", "material"), ("creative", "creatividad"), ("ad", "anuncio"), ("activate", "activación"), ("validate", "validación"), ("Clip", "Clip"), ("Outcome", "Resultado"),
        ("First numbers", "Primeras cifras"), ("Progress", "Progreso"), ("{0} of {1} steps", "{0} de {1} pasos"), ("Actions", "Acciones"), ("Changes at Meta", "Cambios en Meta"), ("When", "Cuándo"), ("Who", "Quién"), ("What", "Qué"),
        ("Timeline", "Cronología"), ("What Meta said when asked to check", "Lo que dijo Meta al comprobar"), ("Part", "Parte"), ("ok", "correcto"), ("wrong", "incorrecto"), ("not checked", "sin comprobar"),
        ("Rows from {1} to {2}: {0}", "Filas del {1} al {2}: {0}"), ("Ask for one like it", "Pedir una como esta"), ("Attempts and waits", "Intentos y esperas"), ("Why", "Por qué"),
        ("Of the present job: a retry or a cancel begins a new one. Hangfire keeps it for a day after the end.", "Del trabajo actual: reintentar o cancelar empieza otro. Hangfire lo conserva un día después del fin."), ("an attempt", "un intento"), ("waits", "espera"), ("in the queue", "en la cola"), ("over", "terminado"),
        ("account", "cuenta"), ("Under way", "En marcha"), ("This list cannot be changed as a whole: its filter cannot be read, or no state was chosen.", "Esta lista no se puede cambiar entera: su filtro no se puede leer o no se ha elegido un estado."),
        ("Of a search by words only the newest {0} runs in that state are looked through.", "De una búsqueda por palabras solo se miran las {0} ejecuciones más recientes en ese estado."),
        ("{0} of {1} runs of the last quarter of an hour have ended, {2} of them failed.", "{0} de {1} ejecuciones del último cuarto de hora han terminado, {2} de ellas fallidas."),
        ("These words fit very many runs. Searched were only those asked for since", "Estas palabras aparecen en muchísimas ejecuciones. Solo se ha buscado en las solicitadas desde"),
        ("Go on to older ones, or give days.", "Siga con las anteriores o indique días."),
        ("Beginnings of words are looked for among the newest runs, whole words among all.", "Los comienzos de palabras se buscan entre las ejecuciones más recientes; las palabras enteras, entre todas."),
    ];
}
