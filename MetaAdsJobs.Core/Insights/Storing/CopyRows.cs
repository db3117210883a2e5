using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// Rows on their way into a COPY, in its binary format. A million rows have eighteen million values: each is put into the buffer as
/// it is, without a parameter and a task of its own. Source: PostgreSQL, COPY, binary format, and the types' receive functions.
/// </summary>
internal sealed class CopyRows
{
    private const int FlushAt = 1 << 15;
    private const int DigitsOfGroup = 4;
    private static readonly DateOnly Epoch = new(2000, 1, 1);
    private readonly ArrayBufferWriter<byte> _buffer = new(2 * FlushAt);

    public CopyRows() => _buffer.Write(Header);

    // The signature, no flags, nothing more to the header.
    private static readonly byte[] Header = [.. "PGCOPY"u8, 0x0A, 0xFF, 0x0D, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public void Begin(short columns) => BinaryPrimitives.WriteInt16BigEndian(Take(2), columns);

    public void Null() => Length(-1);

    public void Uuid(Guid value) => value.TryWriteBytes(Value(16), bigEndian: true, out _);

    public void Integer(int value) => BinaryPrimitives.WriteInt32BigEndian(Value(4), value);

    public void Whole(long? value)
    {
        if (value is { } number) BinaryPrimitives.WriteInt64BigEndian(Value(8), number);
        else Null();
    }

    public void Day(DateOnly value) => Integer(value.DayNumber - Epoch.DayNumber);

    public void Flag(bool value) => Value(1)[0] = value ? (byte)1 : (byte)0;

    public void Text(string? value)
    {
        if (value is null) Null();
        else Encoding.UTF8.GetBytes(value, Value(Encoding.UTF8.GetByteCount(value)));
    }

    public void Json(ReadOnlySpan<byte> value)
    {
        var span = Value(value.Length + 1);
        span[0] = 1; // Of the format.
        value.CopyTo(span[1..]);
    }

    /// <summary>Groups of four decimal digits, of which the weight tells how many stand before the point.</summary>
    public void Number(decimal? value)
    {
        if (value is not { } number)
        {
            Null();
            return;
        }

        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        var scale = number.Scale;
        var fraction = (scale + DigitsOfGroup - 1) / DigitsOfGroup;
        var whole = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        var shift = (fraction * DigitsOfGroup) - scale;
        Span<short> groups = stackalloc short[16];
        // Dividing what is longer than a register costs ten times as much.
        var count = bits[2] == 0 && whole < ulong.MaxValue / 1000 ? Split(whole, shift, groups) : Split(new UInt128((uint)bits[2], whole), shift, groups);

        var span = Value(8 + (2 * count));
        BinaryPrimitives.WriteInt16BigEndian(span, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(span[2..], (short)(count - fraction - 1));
        BinaryPrimitives.WriteInt16BigEndian(span[4..], number < 0 ? (short)0x4000 : (short)0);
        BinaryPrimitives.WriteInt16BigEndian(span[6..], scale);
        for (var group = 0; group < count; group++) BinaryPrimitives.WriteInt16BigEndian(span[(8 + (2 * group))..], groups[count - 1 - group]);
    }

    private static int Split<T>(T rest, int shift, Span<short> groups) where T : IBinaryInteger<T>
    {
        var (ten, group) = (T.CreateChecked(10), T.CreateChecked(10_000));
        for (var digit = 0; digit < shift; digit++) rest *= ten;
        var count = 0;
        for (; !T.IsZero(rest); rest /= group) groups[count++] = short.CreateTruncating(rest % group);
        return count;
    }

    /// <summary>Between two rows: sends what there is, once it is worth it.</summary>
    public ValueTask FlushAsync(NpgsqlRawCopyStream copy, CancellationToken ct) => _buffer.WrittenCount < FlushAt ? default : SendAsync(copy, ct);

    /// <summary>After the last row.</summary>
    public ValueTask EndAsync(NpgsqlRawCopyStream copy, CancellationToken ct)
    {
        BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);
        return SendAsync(copy, ct);
    }

    private async ValueTask SendAsync(NpgsqlRawCopyStream copy, CancellationToken ct)
    {
        await copy.WriteAsync(_buffer.WrittenMemory, ct);
        _buffer.ResetWrittenCount();
    }

    private Span<byte> Value(int length)
    {
        Length(length);
        return Take(length);
    }

    private void Length(int length) => BinaryPrimitives.WriteInt32BigEndian(Take(4), length);

    private Span<byte> Take(int length)
    {
        var span = _buffer.GetSpan(length)[..length];
        _buffer.Advance(length);
        return span;
    }
}
