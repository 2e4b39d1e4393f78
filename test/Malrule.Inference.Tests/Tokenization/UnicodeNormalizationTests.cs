using CsCheck;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Tests.Tokenization;

public sealed class UnicodeNormalizationTests
{
    [Theory]
    // text, NFC, NFD, NFKC, NFKD
    [InlineData("\u00E9", "\u00E9", "e\u0301", "\u00E9", "e\u0301")]
    [InlineData("\u212B", "\u00C5", "A\u030A", "\u00C5", "A\u030A")]
    [InlineData("\uFB01\u00BD", "\uFB01\u00BD", "\uFB01\u00BD", "fi1\u20442", "fi1\u20442")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E69", "s\u0323\u0307")]
    [InlineData("\uD55C", "\uD55C", "\u1112\u1161\u11AB", "\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8")]
    [InlineData("\uAC00\u11A8\u11A8", "\uAC01\u11A8", "\u1100\u1161\u11A8\u11A8", "\uAC01\u11A8", "\u1100\u1161\u11A8\u11A8")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")] // excluded from composition
    [InlineData("\u0344", "\u0308\u0301", "\u0308\u0301", "\u0308\u0301", "\u0308\u0301")]
    [InlineData("a\u0301\u0327\u0301", "\u00E1\u0327\u0301", "a\u0327\u0301\u0301", "\u00E1\u0327\u0301", "a\u0327\u0301\u0301")]
    [InlineData("\U0001D160", "\U0001D158\U0001D165\U0001D16E", "\U0001D158\U0001D165\U0001D16E", "\U0001D158\U0001D165\U0001D16E", "\U0001D158\U0001D165\U0001D16E")]
    [InlineData("\U00011131\U00011127", "\U0001112E", "\U00011131\U00011127", "\U0001112E", "\U00011131\U00011127")]
    [InlineData("plain ASCII, 数学 👍", "plain ASCII, 数学 👍", "plain ASCII, 数学 👍", "plain ASCII, 数学 👍", "plain ASCII, 数学 👍")]
    public void Forms_are_those_of_Unicode(string text, string nfc, string nfd, string nfkc, string nfkd)
    {
        Assert.Equal(nfc, UnicodeNormalization.Normalize(text, compatibility: false, compose: true));
        Assert.Equal(nfd, UnicodeNormalization.Normalize(text, compatibility: false, compose: false));
        Assert.Equal(nfkc, UnicodeNormalization.Normalize(text, compatibility: true, compose: true));
        Assert.Equal(nfkd, UnicodeNormalization.Normalize(text, compatibility: true, compose: false));
    }

    [Fact]
    public void Forms_are_stable_and_lead_to_each_other() =>
        Gen.String[Gen.OneOf(Gen.Char['\0', '\uD7FF'], Gen.Char['\u0300', '\u036F'], Gen.Char['\u1100', '\u11FF'], Gen.Char['a', 'e']), 0, 30].Sample(text =>
        {
            foreach (bool compatibility in new[] { false, true })
            {
                string composed = UnicodeNormalization.Normalize(text, compatibility, compose: true);
                string decomposed = UnicodeNormalization.Normalize(text, compatibility, compose: false);
                Assert.Equal(composed, UnicodeNormalization.Normalize(composed, compatibility, compose: true));
                Assert.Equal(decomposed, UnicodeNormalization.Normalize(composed, compatibility, compose: false));
                Assert.Equal(composed, UnicodeNormalization.Normalize(decomposed, compatibility, compose: true));
            }
        });
}
