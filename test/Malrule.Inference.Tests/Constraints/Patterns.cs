using System.Text.RegularExpressions;
using CsCheck;

namespace Malrule.Inference.Tests.Constraints;

/// <summary>Random regular expressions that both Malrule and .NET understand alike.</summary>
internal static class Patterns
{
    private static readonly Gen<string> Atom = OneOf(
        "a", "b", "c", "é", "1", " ", ".", "[ab]", "[^a]", "[a-c1]", @"\d", @"\w", @"\s", @"\D", @"\W", @"\S", @"[\d-]", "(?:ab|c)", "(?:b|bc)", @"\-", "[^b-é]");

    private static readonly Gen<string> Quantifier = OneOf("", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?");

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static Gen<string> Nested(int depth) => Gen.Select(
        depth == 0 ? Atom : Gen.Frequency((3, Atom), (2, Nested(depth - 1).Select(inner => $"({inner})"))), Quantifier,
        (atom, quantifier) => atom + quantifier).Array[1, 3].Select(string.Concat).Array[1, 2].Select(ways => string.Join('|', ways));

    public static Gen<string> Any { get; } = Nested(2);

    /// <summary>.NET's expression for the whole text, with ASCII's classes, which its engine without backtracking has no option for.</summary>
    public static Regex Whole(string pattern) => new($@"\A(?:{pattern.Replace(@"[\d-]", "[0-9-]").Replace(@"\d", "[0-9]").Replace(@"\D", "[^0-9]").Replace(@"\w", "[A-Za-z0-9_]")
        .Replace(@"\W", "[^A-Za-z0-9_]").Replace(@"\s", @"[ \t\n\v\f\r]").Replace(@"\S", @"[^ \t\n\v\f\r]")})\z", RegexOptions.NonBacktracking);
}
