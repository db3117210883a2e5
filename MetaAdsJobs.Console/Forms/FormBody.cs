using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.Forms;

/// <summary>A form's fields as the body that the API's use cases take: they judge it, and only what a form alone can get wrong is told here.</summary>
/// <param name="emptyIsNull">For a change: an emptied field takes its value away. Else it is left out.</param>
internal sealed class FormBody(IFormCollection form, bool emptyIsNull)
{
    private static readonly char[] Separators = [',', ';', ' ', '\t', '\r', '\n'];
    private readonly JsonObject _body = [];
    private readonly Dictionary<string, string[]> _wrong = [];

    public FormBody Texts(params IEnumerable<string> names)
    {
        foreach (var name in names) Put(name, Given(name));
        return this;
    }

    /// <summary>Left out when it is empty, also in a change.</summary>
    public FormBody TextIfGiven(string name)
    {
        if (Given(name) is { } text) _body[name] = text;
        return this;
    }

    /// <summary>For a field that was left empty.</summary>
    public FormBody Instead(string name, string? value)
    {
        if (value is not null && Given(name) is null) _body[name] = value;
        return this;
    }

    public FormBody Codes(string name)
    {
        var codes = Given(name)?.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(code => (JsonNode?)code.ToUpperInvariant()).ToArray();
        Put(name, codes is null ? null : new JsonArray(codes));
        return this;
    }

    /// <summary>Ids of somebody else's, as they are, between commas, blanks or lines. A form without the field leaves them alone.</summary>
    public FormBody Ids(string name)
    {
        if (!form.ContainsKey(name)) return this;
        var ids = Given(name)?.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(id => (JsonNode?)id).ToArray();
        Put(name, ids is null or [] ? null : new JsonArray(ids));
        return this;
    }

    /// <summary>All that is ticked or chosen of a field; left out, or null, when nothing is.</summary>
    public FormBody Items(string name)
    {
        var items = form[name].Select(item => item?.Trim()).Where(item => item is { Length: > 0 }).Select(item => (JsonNode?)item).ToArray();
        Put(name, items.Length == 0 ? null : new JsonArray(items));
        return this;
    }

    public FormBody Cents(string name)
    {
        var text = Given(name);
        var cents = text is null ? null : FormMoney.ToCents(text);
        // A text is no number: the use case refuses it, so that nothing is saved, and the person is told in the form's words.
        if (text is not null && cents is null) _wrong[name] = [FormMoney.Wrong];
        Put(name, cents is { } value ? value : text);
        return this;
    }

    /// <summary>A text that is JSON itself.</summary>
    public FormBody Json(string name)
    {
        const string Wrong = "must be JSON";
        var text = Given(name);
        try
        {
            Put(name, text is null ? null : JsonTexts.Parse(text));
        }
        catch (JsonException)
        {
            (_body[name], _wrong[name]) = (text, [Wrong]);
        }

        return this;
    }

    /// <param name="zone">In which it was typed.</param>
    public FormBody Moment(string name, TimeZoneInfo zone)
    {
        var text = Given(name);
        var moment = text is null ? null : FormMoment.Read(text, zone);
        if (text is not null && moment is null) _wrong[name] = [FormMoment.Wrong];
        Put(name, moment ?? text);
        return this;
    }

    /// <summary>A text that stands for something else.</summary>
    /// <param name="read">Null: it stands for nothing; the use case refuses it, and the person is told in the form's words.</param>
    public FormBody As(string name, Func<string, string?> read, string wrong)
    {
        var text = Given(name);
        var meant = text is null ? null : read(text);
        if (text is not null && meant is null) _wrong[name] = [wrong];
        Put(name, meant ?? text);
        return this;
    }

    public FormBody Node(string name, JsonNode value)
    {
        _body[name] = value;
        return this;
    }

    public FormBody Number(string name, long? value)
    {
        if (value is { } number) _body[name] = number;
        return this;
    }

    /// <summary>A number as people type it, with a comma or a point; none with a separator for thousands.</summary>
    public FormBody Number(string name)
    {
        var text = Given(name);
        var isOne = decimal.TryParse(text?.Replace(',', '.'), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        if (text is not null && !isOne) _wrong[name] = ["must be a number such as 1.5"];
        Put(name, isOne ? number : text);
        return this;
    }

    /// <summary>A choice whose empty one is a word, too.</summary>
    public FormBody Word(string name, string usual)
    {
        _body[name] = Given(name) ?? usual;
        return this;
    }

    public bool IsEmpty => _body.Count == 0;

    public FormBody Flag(string name)
    {
        _body[name] = Given(name) is "true" or "on";
        return this;
    }

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(_body);

    /// <summary>For the form to be shown again.</summary>
    /// <param name="secrets">Fields that never go back to the page.</param>
    public FormValues Refused(FieldErrors errors, params IEnumerable<string> secrets)
    {
        var all = errors.ToDictionary();
        foreach (var (name, messages) in _wrong) all[name] = messages;
        return FormValues.Posted(form, all, secrets);
    }

    private string? Given(string name) => form[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    private void Put(string name, JsonNode? value)
    {
        if (value is not null || emptyIsNull) _body[name] = value;
    }
}
