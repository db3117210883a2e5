namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Of the pages about accounts and clips.</summary>
internal static class SpanishAccounts
{
    public static readonly (string English, string Spanish)[] Words =
    [
        // Of every form.
        ("required", "obligatorio"), ("Nothing was saved: please mend the marked fields.", "No se ha guardado nada: corrija los campos señalados."), ("Save", "Guardar"),
        ("is required", "es obligatorio"), ("must not be empty", "no puede estar vacío"), ("must not hold control characters", "no puede contener caracteres de control"),
        ("must be an amount such as 1500 or 1500.50, without a separator for thousands", "debe ser un importe como 1500 o 1500,50, sin separador de millares"),
        ("must be an absolute http or https URL without user name or spaces, such as https://example.com/sale", "debe ser una URL http o https absoluta, sin usuario ni espacios, como https://example.com/sale"),
        ("must be a country's two-letter code such as US", "debe ser el código de dos letras de un país, como ES"),
    ];
}
