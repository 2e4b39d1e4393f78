using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization;

/// <summary>
/// The Unicode normal forms NFC, NFD, NFKC and NFKD (UAX #15) over a table of our own. <see cref="string.Normalize()"/> leaves its
/// input as it is under <c>InvariantGlobalization</c> and elsewhere follows the machine's ICU; token ids may depend on neither.
/// </summary>
internal static class UnicodeNormalization
{
    private const int HangulFirst = 0xAC00, HangulLast = 0xD7A3, Leading = 0x1100, Vowel = 0x1161, Trailing = 0x11A7;
    private const int LeadingCount = 19, VowelCount = 21, TrailingCount = 28;

    private static readonly Lazy<Table> Data = new(Table.Load);

    /// <summary>Normalises well-formed UTF-16 text.</summary>
    public static string Normalize(string text, bool compatibility, bool compose)
    {
        Table table = Data.Value;
        if (compose && !compatibility && !NeedsComposing(text, table))
            return text;
        if (Ascii.IsValid(text))
            return text;

        var codes = new List<int>(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
            Decompose(rune.Value, compatibility, table, codes);
        OrderMarks(codes, table);
        if (compose)
            Compose(codes, table);

        var result = new StringBuilder(codes.Count + 16);
        foreach (int code in codes)
            result.AppendRune(code);
        return result.ToString();
    }

    /// <summary>Appends one code point as UTF-16.</summary>
    public static void AppendRune(this StringBuilder builder, int code)
    {
        Span<char> units = stackalloc char[2];
        builder.Append(units[..new Rune(code).EncodeToUtf16(units)]);
    }

    /// <summary>False when no code point of the text can change or move under NFC, which holds for nearly every text.</summary>
    private static bool NeedsComposing(string text, Table table)
    {
        int first = text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF');
        if (first < 0)
            return false;
        for (int i = first; i < text.Length; i++)
        {
            int code = char.IsHighSurrogate(text[i]) ? char.ConvertToUtf32(text[i], text[++i]) : text[i];
            if (table.Unsettled.Contains(code))
                return true;
        }
        return false;
    }

    private static void Decompose(int code, bool compatibility, Table table, List<int> codes)
    {
        if (code is >= HangulFirst and <= HangulLast)
        {
            int syllable = code - HangulFirst;
            codes.Add(Leading + syllable / (VowelCount * TrailingCount));
            codes.Add(Vowel + syllable % (VowelCount * TrailingCount) / TrailingCount);
            if (syllable % TrailingCount != 0)
                codes.Add(Trailing + syllable % TrailingCount);
        }
        else if (table.Decompositions.TryGetValue(code, out Decomposition mapping) && (compatibility || mapping.Canonical))
            foreach (int part in mapping.Codes)
                Decompose(part, compatibility, table, codes);
        else
            codes.Add(code);
    }

    /// <summary>Stable insertion sort of each run of combining marks by class.</summary>
    private static void OrderMarks(List<int> codes, Table table)
    {
        int start = 0;
        for (int i = 0; i <= codes.Count; i++)
        {
            if (i < codes.Count && table.Class(codes[i]) != 0)
                continue;
            if (i - start > 1)
            {
                int[] run = [.. codes.GetRange(start, i - start).OrderBy(table.Class)]; // OrderBy is stable
                for (int k = 0; k < run.Length; k++)
                    codes[start + k] = run[k];
            }
            start = i + 1;
        }
    }

    private static void Compose(List<int> codes, Table table)
    {
        int starter = -1, lastClass = -1, write = 0;
        for (int read = 0; read < codes.Count; read++)
        {
            int code = codes[read], mark = table.Class(code);
            // Blocked when a mark of the same or a higher class stands between; a starter composes only with its neighbour.
            if (starter >= 0 && lastClass < mark && Pair(codes[starter], code, table) is int composed)
            {
                codes[starter] = composed;
                continue;
            }
            if (mark == 0)
            {
                starter = write;
                lastClass = -1;
            }
            else
                lastClass = mark;
            codes[write++] = code;
        }
        codes.RemoveRange(write, codes.Count - write);
    }

    private static int? Pair(int first, int second, Table table)
    {
        if (first - Leading is >= 0 and < LeadingCount && second - Vowel is >= 0 and < VowelCount)
            return HangulFirst + ((first - Leading) * VowelCount + (second - Vowel)) * TrailingCount;
        if (first is >= HangulFirst and <= HangulLast && (first - HangulFirst) % TrailingCount == 0
            && second - Trailing is > 0 and < TrailingCount)
            return first + (second - Trailing);
        return table.Compositions.TryGetValue((first, second), out int composed) ? composed : null;
    }

    private readonly record struct Decomposition(int[] Codes, bool Canonical);

    /// <summary>The parsed table; its format is told in the head of the embedded text.</summary>
    private sealed class Table
    {
        public Dictionary<int, Decomposition> Decompositions { get; } = [];
        public Dictionary<(int First, int Second), int> Compositions { get; } = [];

        /// <summary>Code points that NFC may change, move or compose with what stands before.</summary>
        public HashSet<int> Unsettled { get; } = [];

        private readonly Dictionary<int, int> _classes = [];

        public int Class(int code) => code < 0x300 ? 0 : _classes.GetValueOrDefault(code);

        public static Table Load()
        {
            var table = new Table();
            using Stream stream = typeof(Table).Assembly.GetManifestResourceStream("Malrule.Inference.UnicodeNormalization.txt")!;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            while (reader.ReadLine() is string line)
            {
                if (line[0] == '@')
                    table.AddClass(line);
                else if (line[0] != '#')
                    table.AddDecomposition(line);
            }
            for (int code = Vowel; code < Vowel + VowelCount; code++)
                table.Unsettled.Add(code);
            for (int code = Trailing + 1; code < Trailing + TrailingCount; code++)
                table.Unsettled.Add(code);
            return table;
        }

        private void AddDecomposition(string line)
        {
            int mark = line.AsSpan().IndexOfAny("=!~");
            int code = Hex(line.AsSpan(0, mark));
            int[] parts = [.. line[(mark + 1)..].Split(' ').Select(part => Hex(part))];
            Decompositions[code] = new Decomposition(parts, line[mark] != '~');
            if (line[mark] == '!')
                Unsettled.Add(code);
            if (line[mark] == '=')
            {
                Compositions[(parts[0], parts[1])] = code;
                Unsettled.Add(parts[1]);
            }
        }

        private void AddClass(string line)
        {
            string[] fields = line[1..].Split(' ');
            int combining = int.Parse(fields[0], CultureInfo.InvariantCulture);
            foreach (string range in fields.AsSpan(1))
            {
                int dash = range.IndexOf('-', StringComparison.Ordinal);
                int last = Hex(range.AsSpan(dash + 1));
                for (int code = Hex(range.AsSpan(0, dash)); code <= last; code++)
                {
                    _classes[code] = combining;
                    Unsettled.Add(code);
                }
            }
        }

        private static int Hex(ReadOnlySpan<char> text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
