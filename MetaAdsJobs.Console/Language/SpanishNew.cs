namespace MetaAdsJobs.Console.Language;

/// <summary>Of the page that asks for a run.</summary>
internal static class SpanishNew
{
    public static readonly (string English, string Spanish)[] Words =
    [
        ("New run", "Nueva ejecución"), ("Preview", "Vista previa"), ("What is advertised", "Qué se anuncia"), ("Campaign name", "Nombre de la campaña"), ("Where it leads", "A dónde lleva"),
        ("An address that begins with https://", "Una dirección que empiece por https://"), ("Title", "Título"), ("Button", "Botón"), ("Text", "Texto"),
        ("What it is for, and what it may cost", "Para qué es y qué puede costar"), ("Objective and goal", "Objetivo y meta"), ("Daily budget", "Presupuesto diario"),
        ("Either this or a budget for the whole run.", "Esto o un presupuesto para toda la duración."), ("Budget for the whole run", "Presupuesto para toda la duración"), ("Needs an end.", "Necesita un fin."),
        ("Begins", "Empieza"), ("Ends", "Termina"), ("Messages about amounts count in hundredths: 1050 is 10.50.", "Los mensajes sobre importes cuentan en centésimas: 1050 es 10,50."),
        ("Activate it once all of it exists", "Activarlo cuando exista todo"), ("Without this everything stays paused, and nothing is spent.", "Sin esto todo queda en pausa y no se gasta nada."),
        ("Further options", "Más opciones"), ("Bids", "Pujas"), ("Strategy", "Estrategia"), ("Bid or cost cap", "Puja o coste máximo"), ("Least revenue per spend", "Ingreso mínimo por gasto"),
        ("Pixel id", "Id del píxel"), ("Instead of the account's.", "En lugar del de la cuenta."), ("Event of the pixel", "Evento del píxel"), ("the goal's usual one", "el habitual de la meta"), ("Law", "Ley"),
        ("Special ad categories", "Categorías especiales"), ("Countries of the categories", "Países de las categorías"), ("On whose behalf (EU)", "En nombre de quién (UE)"), ("Who pays (EU)", "Quién paga (UE)"),
        ("Two-letter codes with commas between; the targeting's when empty.", "Códigos de dos letras separados por comas; vacío, los del público."),
        ("Create the ad", "Crear el anuncio"), ("Only let Meta check it", "Solo que Meta lo compruebe"), ("In the account's time zone.", "En la zona horaria de la cuenta."),
        ("Amounts are in the account's currency: it stands beside its name, as its time zone does.", "Los importes van en la moneda de la cuenta: está junto a su nombre, como su zona horaria."),
        ("The run it is like had a time that is past: look at when this one begins, ends, and whether it is activated.", "La ejecución de partida tenía una hora ya pasada: revise cuándo empieza esta, cuándo acaba y si se activa."),
        ("Meta is being asked; nothing is created.", "Se está preguntando a Meta; no se crea nada."), ("The run was accepted.", "La ejecución se ha aceptado."), ("The account does not exist any more.", "La cuenta ya no existe."),
        ("The clip does not exist any more.", "El clip ya no existe."), ("This form has asked for a run already. Press again to ask for another one.", "Este formulario ya ha pedido una ejecución. Pulse otra vez para pedir otra."),
        ("Choose an account first: Meta is asked in its name.", "Elija antes una cuenta: se pregunta a Meta en su nombre."), ("Whom to reach", "A quién llegar"), ("From the age of", "Desde la edad de"),
        ("13 to 65; 65 means 65 and older.", "De 13 a 65; 65 significa 65 o más."), ("Up to the age of", "Hasta la edad de"), ("Only", "Solo"), ("men", "hombres"), ("women", "mujeres"), ("Countries", "Países"),
        ("Two-letter codes with commas between; without any place the account's default countries.", "Códigos de dos letras separados por comas; sin ningún lugar, los países de la cuenta."),
        ("Places", "Lugares"), ("Find a place", "Buscar un lugar"), ("Interests", "Intereses"), ("Find an interest", "Buscar un interés"), ("Languages", "Idiomas"), ("Find a language", "Buscar un idioma"),
        ("Further targeting, as JSON", "Más segmentación, en JSON"), ("Meta's fields that have no input here, such as behaviors or device_platforms.", "Campos de Meta sin casilla aquí, como behaviors o device_platforms."),
        ("country", "país"), ("region", "región"), ("city", "ciudad"), ("zip", "código postal"), ("Preview of the ad", "Vista previa del anuncio"), ("Sponsored", "Publicidad"),
        ("Meta shows an ad in many shapes: this is one of them, about.", "Meta muestra un anuncio de muchas formas: esta es una, aproximada."),
        ("must be a number such as 1.5", "debe ser un número como 1.5"), ("must be a time that exists in the account's time zone", "debe ser una hora que exista en la zona horaria de la cuenta"),
        ("must be a whole number", "debe ser un número entero"),
        ("must be a JSON object such as {\"device_platforms\": [\"mobile\"]}", "debe ser un objeto JSON como {\"device_platforms\": [\"mobile\"]}"),
    ];
}
