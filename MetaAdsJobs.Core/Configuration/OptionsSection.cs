using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>
/// Reads a section into an options class and judges it. A value that cannot be read leaves the default for the moment: the judgement
/// follows at once, and tells it together with everything else that is wrong.
/// </summary>
internal sealed class OptionsSection<T>(IConfigurationSection section) : IConfigureOptions<T>, IValidateOptions<T> where T : class
{
    private static readonly PropertyInfo[] Keys = [.. typeof(T).GetProperties().Where(property => property.SetMethod?.IsPublic == true)];

    public void Configure(T options)
    {
        foreach (var key in Keys)
            if (section[key.Name] is { } text && TryRead(TypeOf(key), text, out var value)) key.SetValue(options, value);
    }

    public ValidateOptionsResult Validate(string? name, T options)
    {
        var failures = Keys
            .Where(key => section[key.Name] is { } text && !TryRead(TypeOf(key), text, out _))
            .Select(key => $"{NameOf(key.Name)}: {Expected(TypeOf(key))}")
            .ToList();
        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new(options), results, validateAllProperties: true))
            failures.AddRange(results.Select(result => $"{string.Join(", ", result.MemberNames.Select(NameOf))}: {result.ErrorMessage}"));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private string NameOf(string member) => SeedKeys.NameFor($"{section.Path}:{member}");

    private static Type TypeOf(PropertyInfo key) => Nullable.GetUnderlyingType(key.PropertyType) ?? key.PropertyType;

    private static bool TryRead(Type type, string text, out object? value)
    {
        value = null;
        if (type == typeof(string)) value = text;
        else if (type.IsEnum) value = Enum.GetValues(type).Cast<object>().FirstOrDefault(one => string.Equals($"{one}", text, StringComparison.OrdinalIgnoreCase));
        else value = Convert(TypeDescriptor.GetConverter(type), text);
        return value is not null;
    }

    private static object? Convert(TypeConverter converter, string text)
    {
        try
        {
            return converter.ConvertFromInvariantString(text);
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    private static string Expected(Type type) => type switch
    {
        { IsEnum: true } => $"must be {string.Join(" or ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))}",
        _ when type == typeof(int) => "must be a whole number that is not too large",
        _ => $"is no {type.Name}",
    };
}
