namespace MetaAdsJobs.Console.Language;

/// <summary>Of the pages about jobs and outcomes.</summary>
internal static class SpanishJobs
{
    public static readonly (string English, string Spanish)[] Words =
    [
        ("Running", "En curso"), ("Scheduled", "Programados"), ("Succeeded in all", "Terminados en total"), ("Deleted in all", "Borrados en total"),
        ("Workers", "Procesos de trabajo"), ("Worker", "Proceso"), ("No worker is alive: nothing runs until one is started.", "Ningún proceso está vivo: no se ejecuta nada hasta que se inicie uno."),
        ("silent", "sin señal"), ("alive", "vivo"), ("Threads", "Hilos"), ("Queues", "Colas"), ("Queue", "Cola"), ("Since", "Desde"), ("Last heartbeat", "Última señal"),
        ("Jobs that wait", "Trabajos en espera"), ("The first waits for", "El primero espera desde hace"), ("Job", "Trabajo"), ("Due", "Previsto"), ("None.", "Ninguno."),
        ("Only {0} of them are shown.", "Solo se muestran {0}."), ("Schedules", "Programaciones"), ("Schedule", "Programación"), ("Runs at", "Se ejecuta"), ("Zone", "Zona"),
        ("Last run", "Última ejecución"), ("Its state", "Su estado"), ("Next run", "Próxima ejecución"),
        ("job succeeded", "terminado"), ("job failed", "fallido"), ("job running", "en curso"), ("job queued", "en cola"), ("job scheduled", "programado"), ("job deleted", "borrado"),
        ("Outcomes of runs", "Resultados de las ejecuciones"), ("Numbers of ads", "Cifras de los anuncios"), ("Succeeded", "Terminadas"), ("Cancelled", "Canceladas"),
        ("Share that succeeded", "Parte terminada con éxito"), ("Runs that ended", "Ejecuciones acabadas"), ("Today as counted at", "Hoy, según el recuento de las"),
        ("{0} of these days are yet to be counted: a worker does so within minutes.", "Faltan {0} de estos días por contar: un proceso lo hace en unos minutos."),
        ("From being asked for to the end", "Desde la solicitud hasta el final"), ("From the first start to the end", "Desde el primer inicio hasta el final"),
        ("Half of the runs", "La mitad de las ejecuciones"), ("95 % of the runs", "El 95 % de las ejecuciones"),
        ("Days are UTC. A run counts on the day it ended; a failure that is retried stays a failure of its day, and the end of the retry counts when it comes.",
            "Los días son UTC. Una ejecución cuenta el día en que acabó; un fallo que se reintenta sigue contando en su día, y el final del reintento cuenta cuando llega."),
        ("The share leaves out what a person cancelled. Runs that only validate are in none of these numbers.",
            "La parte no incluye lo que canceló una persona. Las ejecuciones que solo validan no entran en ninguna de estas cifras."),
        ("Durations are of runs that succeeded: half of them, or 95 % of them, took no longer. The first counts all waiting: for a worker, for Meta's limits, between attempts; the second leaves out the wait for a worker. After a retry both begin at the retry.",
            "Las duraciones son de las ejecuciones terminadas con éxito: la mitad, o el 95 %, no tardó más. La primera cuenta toda espera: por un proceso, por los límites de Meta, entre intentos; la segunda no incluye la espera por un proceso. Tras un reintento ambas empiezan en él."),
    ];
}
