using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Malrule.Inference.Tokenization.Patterns;

namespace Malrule.Inference.Tests.Tokenization;

public sealed class PatternTests
{
    private const string Qwen = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData("a|ab", "ab", "[a]b")]
    [InlineData("ab|a", "ab", "[ab]")]
    [InlineData("a+?b?", "aab", "[a][ab]")]
    [InlineData("a*?b", "aab", "[aab]")]
    [InlineData("a++ab|a", "aab", "[a][a]b")]
    [InlineData("(?>a+)ab|c", "aabc", "aab[c]")]
    [InlineData("(?:ab)++a|b", "ababa", "[ababa]")]
    [InlineData("(?:ab){2}", "ababab", "[abab]ab")]
    [InlineData("(?:ab){1,2}c", "abababc", "ab[ababc]")]
    [InlineData("a{2,}", "aaaba", "[aaa]ba")]
    [InlineData("(?:a|bc)*d", "abcad", "[abcad]")]
    [InlineData("(?:a*)*b", "aab", "[aab]")]
    [InlineData("(a|(b|c)d)+", "abdcdx", "[abdcd]x")]
    [InlineData("a(?=b)", "abac", "[a]bac")]
    [InlineData("a(?!b)", "abac", "ab[a]c")]
    [InlineData(@"\s+(?!\S)|\s+", "a   b", "a[  ][ ]b")]
    [InlineData("[^a-c]+", "abxyc", "ab[xy]c")]
    [InlineData(@"[a\-\]\\]+", @"a-]\b", @"[a-]\]b")]
    [InlineData("[a-]+", "-a-b", "[-a-]b")]
    [InlineData(@"\p{Lu}\p{^Lu}\P{L}", "aBc1", "a[Bc1]")]
    [InlineData(@"\p{L}+", "a𝒜𠀀1", "[a𝒜𠀀]1")]
    [InlineData(@"[^\p{L}]", "a👍b", "a[👍]b")]
    [InlineData("𝒜|[𝒳-𝒵]", "𝒜𝒴b", "[𝒜][𝒴]b")]
    [InlineData(@"\x41\u00e9\x{1F44D}", "Aé👍", "[Aé👍]")]
    [InlineData("(?i:'s)x", "'Sx'sx'ſx'sX", "['Sx]['sx]['ſx]'sX")]
    [InlineData("(?i:[a-c]é)", "BÉ", "[BÉ]")]
    [InlineData(".", "a\n👍", "[a]\n[👍]")]
    [InlineData("x*", "axb", "[]a[x][]b[]")]
    public void Matches_are_those_of_a_backtracking_engine_on_code_points(string pattern, string text, string expected) =>
        Assert.Equal(expected, Marked(pattern, text));

    [Theory]
    [InlineData("(?<=a)b")]
    [InlineData("(?<name>a)")]
    [InlineData(@"a\b")]
    [InlineData(@"(a)\1")]
    [InlineData("^a")]
    [InlineData("a$")]
    [InlineData("[a[bc]]")]
    [InlineData("[a&&b]")]
    [InlineData(@"\p{Han}")]
    [InlineData(@"\p{L")]
    [InlineData("[z-a]")]
    [InlineData("[a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("*a")]
    [InlineData("a{3,1}")]
    [InlineData("a{9999999}")]
    [InlineData(@"a\")]
    [InlineData(@"\x{110000}")]
    [InlineData("(?:(?:(?:a{50}b){50}){50}){50}")]
    public void What_is_not_supported_is_refused(string pattern) => Assert.Throws<InvalidInputException>(() => new Pattern(pattern));

    [Fact]
    public void Deep_groups_are_refused() => Assert.Throws<InvalidInputException>(() => new Pattern(new string('(', 100_000)));

    [Fact]
    public void On_plain_text_the_pattern_cuts_as_the_regular_expressions_of_NET_do()
    {
        var pattern = new Pattern(Qwen);
        var regex = new Regex(Qwen, RegexOptions.CultureInvariant);
        // Without surrogates and the long s, which the two engines see differently.
        Gen.String[Gen.OneOf(Gen.Char['\u0001', '\u017E'], Gen.Char['\u0370', '\u2FFF'], Gen.Int[0, 5].Select(i => " \n\r'sL"[i])), 0, 60].Sample(text =>
            Assert.Equal(string.Concat(regex.Matches(text).Select(match => $"[{match.Value}]")), Marked(pattern, text)));
    }

    [Fact]
    public void Steps_grow_with_the_text_not_faster()
    {
        // Long runs of white space, letters and marks are where a careless engine turns quadratic; the step budget would end it.
        var pattern = new Pattern(Qwen);
        foreach (string unit in new[] { " ", "a", "\n", "+", " \n", "\u0301", "a ", "👍" })
            pattern.Segment(string.Concat(Enumerable.Repeat(unit, 200_000)), []);
    }

    private static string Marked(string pattern, string text) => Marked(new Pattern(pattern), text);

    private static string Marked(Pattern pattern, string text)
    {
        var segments = new List<(int Start, int End, bool IsMatch)>();
        pattern.Segment(text, segments);
        var result = new StringBuilder();
        foreach ((int start, int end, bool isMatch) in segments)
            result.Append(isMatch ? $"[{text[start..end]}]" : text[start..end]);
        return result.ToString();
    }
}
