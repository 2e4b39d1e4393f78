using System.Collections.Frozen;

namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// Splits a maths text into the terms that questions and names of misconceptions share: stems of words without the commonest ones, numbers,
/// and the LaTeX commands that name a notion (<c>\frac</c> → fraction). Other LaTeX commands are mark-up and give nothing.
/// </summary>
internal static class MathTokenizer
{
    private static readonly FrozenSet<string> StopWords = ((string[])
        ["a", "an", "the", "of", "to", "in", "is", "are", "for", "and", "or", "by", "with", "that", "on", "as", "be", "this", "it", "which", "what", "from", "at"]).ToFrozenSet();

    private static readonly FrozenDictionary<string, string> Commands = new (string Notion, string Names)[]
    {
        ("fraction", "frac dfrac tfrac"), ("multiply", "times cdot"), ("divide", "div"), ("root", "sqrt"), ("pi", "pi"), ("degrees", "circ"), ("angle", "angle"),
        ("inequality", "leq le geq ge lt gt"), ("sin", "sin"), ("cos", "cos"), ("tan", "tan"), ("log", "log"), ("vector", "vec overrightarrow binom pmatrix"),
        ("triangle", "triangle"), ("recurring", "dot"), ("round", "approx"), ("sequence", "ldots"), ("sum", "sum"),
    }.SelectMany(entry => entry.Names.Split(' '), (entry, name) => (name, PorterStemmer.Stem(entry.Notion))).ToFrozenDictionary(entry => entry.name, entry => entry.Item2);

    /// <summary>The terms of <paramref name="text"/> in order.</summary>
    public static List<string> Terms(string text) => Scan(text, symbols: false);

    /// <summary>
    /// All that two similar exercises share: every word's stem, numbers, operators and other signs, and every LaTeX command with its backslash.
    /// Brackets give nothing.
    /// </summary>
    public static List<string> TermsAndSymbols(string text) => Scan(text, symbols: true);

    private static List<string> Scan(string text, bool symbols)
    {
        var terms = new List<string>();
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = start + 1;
            char first = text[start];
            if (first == '\\')
            {
                while (end < text.Length && char.IsAsciiLetter(text[end]))
                    end++;
                if (symbols && end > start + 1)
                    terms.Add(text[start..end]);
                else if (!symbols && Commands.TryGetValue(text[(start + 1)..end], out string? notion))
                    terms.Add(notion);
            }
            else if (char.IsLetter(first))
            {
                while (end < text.Length && char.IsLetter(text[end]))
                    end++;
                string word = text[start..end].ToLowerInvariant();
                if (symbols || !StopWords.Contains(word))
                    terms.Add(PorterStemmer.Stem(word));
            }
            else if (char.IsAsciiDigit(first))
            {
                while (end < text.Length && (char.IsAsciiDigit(text[end]) || (text[end] == '.' && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1]))))
                    end++;
                terms.Add(text[start..end]);
            }
            else if (symbols && !char.IsWhiteSpace(first) && first is not ('{' or '}' or '(' or ')' or '_'))
            {
                terms.Add(text[start..end]);
            }
        }
        return terms;
    }
}
