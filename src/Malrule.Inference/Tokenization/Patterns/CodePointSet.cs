using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Patterns;

/// <summary>
/// A set of Unicode code points as a pattern's character class describes it: ranges, general categories, white space, and the
/// complements of such sets. Membership of ASCII is read from a bitmap.
/// </summary>
internal sealed class CodePointSet
{
    private readonly ulong _asciiLow, _asciiHigh;
    private readonly List<Item> _items;
    private readonly bool _negated;
    private readonly bool _ignoreCase;

    public CodePointSet(List<Item> items, bool negated = false, bool ignoreCase = false)
    {
        (_items, _negated, _ignoreCase) = (items, negated, ignoreCase);
        for (int code = 0; code < 64; code++)
        {
            _asciiLow |= Evaluate(code) ? 1UL << code : 0;
            _asciiHigh |= Evaluate(code + 64) ? 1UL << code : 0;
        }
    }

    /// <summary>Any code point but a line feed.</summary>
    public static CodePointSet Dot { get; } = new([Item.Range('\n', '\n')], negated: true);

    public static CodePointSet Of(Item item, bool ignoreCase = false) => new([item], negated: false, ignoreCase);

    public bool Contains(int code) => code switch
    {
        < 64 => (_asciiLow >> code & 1) != 0,
        < 128 => (_asciiHigh >> (code - 64) & 1) != 0,
        _ => Evaluate(code),
    };

    /// <summary>Whether <see cref="Ranges"/> has to look at every code point there is.</summary>
    public bool NeedsProperties => _items.Any(item => item.NeedsProperties);

    /// <summary>The set as ascending ranges, surrogates left out.</summary>
    public IEnumerable<(int First, int Last)> Ranges()
    {
        // Elsewhere than here two neighbours are both in the set or both not.
        int[] changes = NeedsProperties ? [.. Enumerable.Range(0, 0x110000)]
            : [.. Enumerable.Range(0, 129).Concat(_items.SelectMany(item => (int[])[item.First, item.Last + 1]))
                .Concat(_ignoreCase ? Cased.Value : []).Append(0xD800).Append(0xE000).Where(code => code < 0x110000).Distinct().Order()];
        int first = -1;
        foreach (int code in changes)
        {
            bool isIn = code is not (>= 0xD800 and < 0xE000) && Contains(code);
            if (!isIn && first >= 0)
                yield return (first, code - 1);
            first = !isIn ? -1 : first < 0 ? code : first;
        }
        if (first >= 0)
            yield return (first, 0x10FFFF);
    }

    /// <summary>Code points with another case, and those behind them.</summary>
    private static readonly Lazy<int[]> Cased = new(() => [.. Enumerable.Range(0, 0x110000)
        .Where(code => code is 0x17F or 0x212A || Rune.IsValid(code) && (Rune.ToLowerInvariant(new Rune(code)).Value != code || Rune.ToUpperInvariant(new Rune(code)).Value != code))
        .SelectMany(code => (int[])[code, code + 1])]);

    private bool Evaluate(int code)
    {
        bool listed = Listed(code);
        if (!listed && _ignoreCase)
        {
            int lower = Lower(code), upper = Rune.ToUpperInvariant(new Rune(code)).Value;
            listed = Listed(lower) || Listed(upper) || (lower == 's' && Listed(0x17F)) || (lower == 'k' && Listed(0x212A));
        }
        return listed != _negated;
    }

    private bool Listed(int code)
    {
        foreach (Item item in _items)
            if (item.Contains(code))
                return true;
        return false;
    }

    /// <summary>Unicode's simple folding as far as .NET's invariant casing covers it, and the long s, which .NET leaves alone.</summary>
    private static int Lower(int code) => code == 0x17F ? 's' : Rune.ToLowerInvariant(new Rune(code)).Value;

    /// <summary>One element of a class: a range of code points, or the code points of some categories (of all, or of ASCII), or of another set.</summary>
    public readonly record struct Item(int First, int Last, uint Categories, bool WhiteSpace, bool Negated, bool Ascii = false)
    {
        private const uint WordCategories =
            1u << (int)UnicodeCategory.UppercaseLetter | 1u << (int)UnicodeCategory.LowercaseLetter
            | 1u << (int)UnicodeCategory.TitlecaseLetter | 1u << (int)UnicodeCategory.ModifierLetter
            | 1u << (int)UnicodeCategory.OtherLetter | 1u << (int)UnicodeCategory.NonSpacingMark
            | 1u << (int)UnicodeCategory.SpacingCombiningMark | 1u << (int)UnicodeCategory.EnclosingMark
            | 1u << (int)UnicodeCategory.DecimalDigitNumber | 1u << (int)UnicodeCategory.LetterNumber
            | 1u << (int)UnicodeCategory.ConnectorPunctuation;

        public static Item Range(int first, int last) => new(first, last, 0, false, false);
        public static Item Space(bool negated, bool ascii = false) => new(1, 0, 0, true, negated, ascii);
        public static Item Digit(bool negated, bool ascii = false) => new(1, 0, 1u << (int)UnicodeCategory.DecimalDigitNumber, false, negated, ascii);
        public static Item Word(bool negated, bool ascii = false) => new(1, 0, WordCategories, false, negated, ascii);

        /// <summary>Whether properties of code points beyond ASCII decide.</summary>
        public bool NeedsProperties => !Ascii && (WhiteSpace || Categories != 0);

        /// <summary>The categories whose two-letter name starts with <paramref name="name"/>; null when there is none.</summary>
        public static Item? Category(string name, bool negated)
        {
            uint categories = 0;
            for (int i = 0; name is { Length: 1 or 2 } && i < CategoryNames.Length; i++)
                if (CategoryNames[i].StartsWith(name, StringComparison.Ordinal))
                    categories |= 1u << i;
            return categories == 0 ? null : new Item(1, 0, categories, false, negated);
        }

        public bool Contains(int code) =>
            (code >= First && code <= Last
            || WhiteSpace && (!Ascii || code < 128) && IsWhiteSpace(code)
            || Categories != 0 && (!Ascii || code < 128) && (Categories >> (int)CharUnicodeInfo.GetUnicodeCategory(code) & 1) != 0) != Negated;

        // in the order of UnicodeCategory
        private static readonly string[] CategoryNames =
        [
            "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
            "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
        ];
    }

    /// <summary>Unicode's White_Space property.</summary>
    public static bool IsWhiteSpace(int code) => code <= char.MaxValue && char.IsWhiteSpace((char)code);
}
