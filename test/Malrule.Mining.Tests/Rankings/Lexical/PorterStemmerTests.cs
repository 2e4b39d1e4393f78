using CsCheck;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Tests.Rankings.Lexical;

public sealed class PorterStemmerTests
{
    /// <summary>The examples of Porter's paper, each carried through all steps.</summary>
    [Fact]
    public void Stems_are_those_of_the_published_algorithm()
    {
        const string pairs = """
            caresses caress, ponies poni, ties ti, cats cat, feed feed, agreed agre, plastered plaster, bled bled, motoring motor, sing sing, conflated conflat,
            troubled troubl, sized size, hopping hop, tanned tan, falling fall, hissing hiss, fizzed fizz, failing fail, filing file, happy happi, sky sky,
            relational relat, conditional condit, rational ration, digitizer digit, vietnamization vietnam, predication predic, operator oper, feudalism feudal,
            decisiveness decis, hopefulness hope, callousness callous, formality formal, sensitivity sensit, sensibility sensibl, triplicate triplic, formative form,
            formalize formal, electricity electr, electrical electr, hopeful hope, goodness good, revival reviv, allowance allow, inference infer, airliner airlin,
            gyroscopic gyroscop, adjustable adjust, defensible defens, irritant irrit, replacement replac, adjustment adjust, dependent depend, adoption adopt,
            communism commun, activate activ, homologous homolog, effective effect, bowdlerize bowdler, probate probat, rate rate, cease ceas, controlling control, roll roll
            """;
        foreach (string pair in pairs.Split(','))
        {
            string[] words = pair.Trim().Split(' ');
            Assert.Equal(words[1], PorterStemmer.Stem(words[0]));
        }
    }

    [Theory]
    [InlineData("multiplies", "multiplying")]
    [InlineData("factorise", "factorising")]
    [InlineData("factorisation", "factorization")]
    [InlineData("fractions", "fraction")]
    [InlineData("rounded", "rounding")]
    public void Forms_of_a_word_share_a_stem(string left, string right) =>
        Assert.Equal(PorterStemmer.Stem(left).TrimEnd('z', 's'), PorterStemmer.Stem(right).TrimEnd('z', 's'));

    [Fact]
    public void Any_run_of_letters_has_a_stem_no_longer_than_it_plus_one()
    {
        Gen.Char["aeiouysbtlzwxi"].Array[1, 20].Select(letters => new string(letters)).Sample(word => Assert.InRange(PorterStemmer.Stem(word).Length, 1, word.Length + 1), iter: 5_000);
        Assert.NotEmpty(PorterStemmer.Stem(new string('y', 100_000)));
    }

    [Fact]
    public void Other_alphabets_and_short_words_stay_as_they_are()
    {
        Assert.Equal("is", PorterStemmer.Stem("is"));
        Assert.Equal("größen", PorterStemmer.Stem("größen"));
        Assert.Equal("分数", PorterStemmer.Stem("分数"));
    }
}
