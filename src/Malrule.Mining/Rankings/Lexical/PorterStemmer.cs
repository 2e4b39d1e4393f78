namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// Porter's suffix stripper for English ("An algorithm for suffix stripping", Program 14, 1980), with British -isation, -ise and -is- beside -ization, -ize and -iz-.
/// "multiplies", "multiplying" and "multiplication" share a stem. Words of other letters than a–z are returned as they are.
/// </summary>
internal static class PorterStemmer
{
    private static readonly (string Suffix, string Replacement)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("iser", "ise"), ("abli", "able"), ("alli", "al"),
        ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("isation", "ise"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
        ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    private static readonly (string Suffix, string Replacement)[] Step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("alise", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] Step4 =
    [
        "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ise", "ion", "al", "er", "ic", "ou",
    ];

    /// <summary>The stem of a lower-case word.</summary>
    public static string Stem(string word)
    {
        if (word.Length <= 2 || !word.All(char.IsAsciiLetterLower))
            return word;
        ReadOnlySpan<char> stem = word;
        if (word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ies", StringComparison.Ordinal))
            stem = stem[..^2];
        else if (stem[^1] == 's' && stem[^2] != 's')
            stem = stem[..^1];
        word = PastAndParticiple(stem.ToString());
        if (word[^1] == 'y' && HasVowel(word.AsSpan()[..^1]))
            word = word[..^1] + "i";
        word = Replace(Replace(word, Step2), Step3);
        foreach (string suffix in Step4)
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            ReadOnlySpan<char> rest = word.AsSpan()[..^suffix.Length];
            if (Measure(rest) > 1 && (suffix != "ion" || rest[^1] is 's' or 't'))
                word = rest.ToString();
            break;
        }
        if (word[^1] == 'e' && word.AsSpan()[..^1] is var root && (Measure(root) > 1 || (Measure(root) == 1 && !EndsShort(root))))
            word = root.ToString();
        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word) > 1 ? word[..^1] : word;
    }

    // Step 1b: -eed, -ed, -ing; what is left is tidied ("hopp" → "hop", "fil" → "file").
    private static string PastAndParticiple(string word)
    {
        if (word.EndsWith("eed", StringComparison.Ordinal))
            return Measure(word.AsSpan()[..^3]) > 0 ? word[..^1] : word;
        int cut = word.EndsWith("ed", StringComparison.Ordinal) ? 2 : word.EndsWith("ing", StringComparison.Ordinal) ? 3 : 0;
        if (cut == 0 || !HasVowel(word.AsSpan()[..^cut]))
            return word;
        word = word[..^cut];
        if (word.Length > 1 && word.AsSpan()[^2..] is "at" or "bl" or "iz" or "is")
            return word + "e";
        if (word.Length > 1 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1) && word[^1] is not ('l' or 's' or 'z'))
            return word[..^1];
        return Measure(word) == 1 && EndsShort(word) ? word + "e" : word;
    }

    private static string Replace(string word, (string Suffix, string Replacement)[] rules)
    {
        foreach ((string suffix, string replacement) in rules)
        {
            if (word.EndsWith(suffix, StringComparison.Ordinal))
                return Measure(word.AsSpan()[..^suffix.Length]) > 0 ? word[..^suffix.Length] + replacement : word;
        }
        return word;
    }

    // How many times a run of vowels is followed by a run of consonants: Porter's m.
    private static int Measure(ReadOnlySpan<char> word)
    {
        int measure = 0;
        bool afterVowel = false;
        for (int i = 0; i < word.Length; i++)
        {
            bool consonant = IsConsonant(word, i);
            if (consonant && afterVowel)
                measure++;
            afterVowel = !consonant;
        }
        return measure;
    }

    private static bool HasVowel(ReadOnlySpan<char> word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (!IsConsonant(word, i))
                return true;
        }
        return false;
    }

    // Consonant, vowel, consonant other than w, x, y: Porter's *o.
    private static bool EndsShort(ReadOnlySpan<char> word) => word.Length > 2 && IsConsonant(word, word.Length - 1)
        && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 3) && word[^1] is not ('w' or 'x' or 'y');

    // A y is a vowel after a consonant. The walk back over a run of y's is a loop, so that no word can exhaust the stack or time.
    private static bool IsConsonant(ReadOnlySpan<char> word, int index)
    {
        int first = index;
        while (first > 0 && word[first] == 'y')
            first--;
        bool consonant = word[first] is not ('a' or 'e' or 'i' or 'o' or 'u');
        return (index - first) % 2 == 0 ? consonant : !consonant;
    }
}
