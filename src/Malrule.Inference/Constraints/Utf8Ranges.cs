using System.Text;

namespace Malrule.Inference.Constraints;

/// <summary>
/// Ranges of code points as sequences of byte ranges: a text's UTF-8 lies in the range exactly where its bytes lie, one by one, in those of
/// one sequence. A range is cut where the number of bytes changes and where a byte behind the first does not run from 80 to BF
/// (Thompson's construction for Plan 9, as RE2 has it).
/// </summary>
internal static class Utf8Ranges
{
    /// <summary>Appends the sequences of the code points first…last, no surrogate among them.</summary>
    public static void Add(int first, int last, List<(byte Low, byte High)[]> sequences)
    {
        foreach (int end in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (first <= end && end < last)
            {
                Add(first, end, sequences);
                Add(end + 1, last, sequences);
                return;
            }
        }
        for (int bits = 6; bits <= 18 && last > 0x7F; bits += 6)
        {
            int below = (1 << bits) - 1;
            if ((first & ~below) == (last & ~below))
                break;
            int cut = (first & below) != 0 ? (first | below) + 1 : (last & below) != below ? last & ~below : -1;
            if (cut < 0)
                continue;
            Add(first, cut - 1, sequences);
            Add(cut, last, sequences);
            return;
        }
        Span<byte> low = stackalloc byte[4], high = stackalloc byte[4];
        int length = new Rune(first).EncodeToUtf8(low);
        new Rune(last).EncodeToUtf8(high);
        var sequence = new (byte, byte)[length];
        for (int i = 0; i < length; i++)
            sequence[i] = (low[i], high[i]);
        sequences.Add(sequence);
    }
}
