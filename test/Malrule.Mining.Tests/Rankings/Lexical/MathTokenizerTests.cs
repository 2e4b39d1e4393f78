using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Tests.Rankings.Lexical;

public sealed class MathTokenizerTests
{
    [Fact]
    public void Words_are_stemmed_and_the_commonest_left_out() =>
        Assert.Equal(["believ", "angl", "triangl", "sum", "180"], MathTokenizer.Terms("Believes the angles in a triangle sum to 180"));

    [Fact]
    public void Commands_that_name_a_notion_become_its_word_and_mark_up_gives_nothing() =>
        Assert.Equal(["3", "multipli", "fraction", "1", "2", "cm"], MathTokenizer.Terms(@"\( 3 \times \frac{1}{2} \mathrm{~cm} \)"));

    [Fact]
    public void Numbers_keep_their_decimals_but_not_a_full_stop() =>
        Assert.Equal(["4.32", "10", "0.5"], MathTokenizer.Terms("4.32, 10. 0.5."));

    [Theory]
    [InlineData("")]
    [InlineData("   \n")]
    [InlineData(@"\")]
    [InlineData("+-=\\\\")]
    public void A_text_without_words_has_no_terms(string text) => Assert.Empty(MathTokenizer.Terms(text));
}
