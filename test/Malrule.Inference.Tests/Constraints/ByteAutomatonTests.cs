using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Malrule.Inference.Constraints;

namespace Malrule.Inference.Tests.Constraints;

public sealed class ByteAutomatonTests
{
    private static bool Accepts(ByteAutomaton automaton, string text)
    {
        int state = 0;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
            if ((state = automaton.Step(state, value)) == ByteAutomaton.Dead)
                return false;
        return automaton.Accepts(state);
    }

    [Fact]
    public void Random_patterns_accept_the_texts_that_the_regular_expressions_of_NET_match() =>
        Gen.Select(Patterns.Any, Gen.String[Gen.Char["abc1 -é\nB"], 0, 8].Array[30]).Sample((pattern, texts) =>
        {
            ByteAutomaton automaton;
            try
            {
                automaton = AutomatonBuilder.Build(pattern);
            }
            catch (InvalidInputException error)
            {
                Assert.Contains("structured_outputs.regex", error.Message, StringComparison.Ordinal); // only the empty text matches, or it is too large
                return;
            }
            Regex expected = Patterns.Whole(pattern);
            foreach (string text in texts)
                Assert.True(expected.IsMatch(text) == Accepts(automaton, text), $"{pattern} on {text}");
        }, iter: 150);

    [Theory]
    [InlineData(".", "𝒜", true)]
    [InlineData(".", "\n", false)]
    [InlineData("[^a]", "👍", true)]
    [InlineData(".{2}", "👍é", true)]
    [InlineData("[à-ü]{3}", "éèç", true)]
    [InlineData("[à-ü]", "ÿ", false)]
    [InlineData("[\\x{7F}-\\x{10000}]", "\u0080", true)]
    [InlineData("[\\x{7F}-\\x{10000}]", "\uFFFF", true)]
    [InlineData("[\\x{7F}-\\x{10000}]", "𐀀", true)]
    [InlineData("[\\x{7F}-\\x{10000}]", "𐀁", false)]
    [InlineData(@"\p{Lu}\p{Ll}+", "Ωμέγα", true)]
    [InlineData(@"\p{Lu}\p{Ll}+", "ωμέγα", false)]
    [InlineData(@"\P{L}+", "1 2", true)]
    [InlineData(@"\d+", "٣", false)]
    [InlineData(@"\D", "٣", true)]
    [InlineData(@"\w+", "aZ_9", true)]
    [InlineData(@"\w", "é", false)]
    [InlineData("(?i:straße)", "STRAßE", true)]
    [InlineData("(?i:k)", "\u212A", true)]
    [InlineData("^(?:yes|no)$", "yes", true)]
    [InlineData("^a$|^b", "b", true)]
    [InlineData("a(?:^b|c$)", "ac", true)]
    [InlineData("a(?:^b|c$)", "ab", false)]
    [InlineData("a$b|c", "c", true)]
    [InlineData("(a|b)*?c", "abac", true)]
    [InlineData("(?:a*)*b", "aab", true)]
    [InlineData("x{2,4}", "xxx", true)]
    [InlineData("x{2,4}", "xxxxx", false)]
    public void Texts_are_matched_by_code_points(string pattern, string text, bool expected) =>
        Assert.Equal(expected, Accepts(AutomatonBuilder.Build(pattern), text));

    [Theory]
    [InlineData("a(?=b)", "a look-ahead")]
    [InlineData("(?>a)b", "an atomic group")]
    [InlineData("a++b", "possessive")]
    [InlineData(@"(a)\1", "the escape '\\1'")]
    [InlineData(@"\bword", "the escape '\\b'")]
    [InlineData("(?<=a)b", "the group")]
    [InlineData("(a", "never closed")]
    [InlineData("[a", "never closed")]
    [InlineData("()", "only the empty text")]
    [InlineData("a$b", "matches no text")]
    [InlineData(@"[^\x{0}-\x{10FFFF}]", "matches no text")]
    public void What_cannot_be_followed_is_refused_by_name(string pattern, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidInputException>(() => AutomatonBuilder.Build(pattern)).Message, StringComparison.Ordinal);

    /// <summary>Patterns that need exponentially many states, or very many of anything, end in an error soon.</summary>
    [Theory]
    [InlineData("(a|b)*a(a|b){20}")]
    [InlineData("(.{0,100}a){20}")]
    [InlineData("(?:(?:a?){200}){50}a{1000}")]
    [InlineData(".{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}.{1000}")]
    [InlineData(@"(\p{L}{0,100}\w{0,100}){30}")]
    public void Hostile_patterns_are_refused_within_bounds(string pattern) =>
        Assert.Throws<InvalidInputException>(() => AutomatonBuilder.Build(pattern));

    [Fact]
    public void Many_classes_by_category_are_refused_and_many_literals_are_not()
    {
        Assert.Throws<InvalidInputException>(() => AutomatonBuilder.Build(string.Concat(Enumerable.Repeat(@"\p{L}", 33))));
        string word = new('k', 3000);
        Assert.True(Accepts(AutomatonBuilder.Build($"(?i:{word})"), word.ToUpperInvariant()));
    }

    [Fact]
    public void Choices_accept_exactly_themselves() => Gen.String[Gen.Char["abé漢"], 1, 6].Array[1, 20].Sample(choices =>
    {
        var automaton = ByteAutomaton.Of(choices);
        foreach (string choice in choices)
        {
            Assert.True(Accepts(automaton, choice));
            Assert.Equal(choices.Contains(choice + "a"), Accepts(automaton, choice + "a"));
            Assert.Equal(choices.Contains(choice[1..]), Accepts(automaton, choice[1..]));
        }
    });

    [Fact]
    public void Choices_are_bounded_and_must_be_text()
    {
        Assert.Contains("bytes of text", Assert.Throws<InvalidInputException>(() => ByteAutomaton.Of([new string('a', 600_000)])).Message);
        Assert.Contains("surrogate", Assert.Throws<InvalidInputException>(() => ByteAutomaton.Of(["a\uD800"])).Message);
    }
}
