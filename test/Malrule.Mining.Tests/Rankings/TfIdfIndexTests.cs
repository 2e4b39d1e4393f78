using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Tests.Rankings;

public sealed class TfIdfIndexTests
{
    private static double[] Score(string text, params string[] documents)
    {
        double[] similarities = [.. documents.Select(_ => double.NaN)];
        new TfIdfIndex(documents).Score(text, similarities);
        return similarities;
    }

    [Fact]
    public void Cosine_follows_from_term_and_document_frequencies()
    {
        // Two documents: "add" is in both (idf 1), "tops" and "bottoms" in one (idf 1 + ln 1.5).
        double rare = 1 + Math.Log(1.5), twice = 1 + Math.Log(2);
        double lengths = Math.Sqrt(twice * twice + rare * rare) * Math.Sqrt(1 + rare * rare);
        double[] similarities = Score("Add add tops!", "add tops", "Add, bottoms");
        Assert.Equal((twice + rare * rare) / lengths, similarities[0], 12);
        Assert.Equal(twice / lengths, similarities[1], 12);
    }

    [Fact]
    public void Case_punctuation_and_unknown_terms_do_not_count()
    {
        double[] similarities = Score(@"\frac{12}{X} zzz", "x 12 frac", "FRAC12x", "other");
        Assert.Equal(1, similarities[0], 12);
        Assert.Equal(1, similarities[1], 12);
        Assert.Equal(0, similarities[2]);
    }

    [Fact]
    public void Texts_without_terms_are_like_nothing()
    {
        Assert.Equal([0, 0], Score("!?", "a", ""));
        Assert.Equal([0], Score("a", ""));
    }
}
