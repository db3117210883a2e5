using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta.Creatives;

/// <summary>
/// A part of an image, in its pixels from the upper left corner. Meta knows crops by the shape they are for, and wants them as close to it as pixels
/// allow. Source: Meta, Image Crops; the shapes are those of its reference of June 2026 (Ads Image Crops).
/// </summary>
internal sealed record ImageCrop(int Left, int Top, int Width, int Height)
{
    private static readonly (int Width, int Height)[] Shapes = [(100, 100), (100, 72), (400, 150), (400, 500), (600, 360), (90, 160)];

    public static string AllShapes { get; } = string.Join(", ", Shapes.Select(shape => $"{shape.Width}x{shape.Height}"));

    public bool HasShape => Shapes.Any(IsOf);

    public JsonObject ToJson() => new()
    {
        [Shapes.Where(IsOf).Select(shape => $"{shape.Width}x{shape.Height}").First()] = new JsonArray(new JsonArray(Left, Top), new JsonArray(Left + Width, Top + Height)),
    };

    private bool IsOf((int Width, int Height) shape) =>
        Math.Abs(Height - ((double)Width * shape.Height / shape.Width)) <= 1 || Math.Abs(Width - ((double)Height * shape.Width / shape.Height)) <= 1;
}
