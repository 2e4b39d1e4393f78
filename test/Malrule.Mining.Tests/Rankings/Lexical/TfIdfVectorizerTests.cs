using CsCheck;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Tests.Rankings.Lexical;

public sealed class TfIdfVectorizerTests
{
    private static List<string> Split(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    [Fact]
    public void Weights_are_log_of_one_plus_tf_times_idf_over_the_norm()
    {
        var vectorizer = new TfIdfVectorizer(["a b", "a c", "a"], Split);
        SparseVector vector = vectorizer.Vector(new WeightedText("b a b unknown"));
        double a = Math.Log(2) * (Math.Log(4.0 / 4) + 1), b = Math.Log(3) * (Math.Log(4.0 / 2) + 1), norm = Math.Sqrt(a * a + b * b);
        Assert.Equal([0, 1], vector.Terms);
        Assert.Equal(a / norm, vector.Weights[0], 1e-12);
        Assert.Equal(b / norm, vector.Weights[1], 1e-12);
    }

    [Fact]
    public void A_fields_weight_counts_its_terms_that_often()
    {
        var vectorizer = new TfIdfVectorizer(["a b", "c"], Split);
        SparseVector weighted = vectorizer.Vector(new("a b", 2), new("c a"), new("b", 0));
        SparseVector repeated = vectorizer.Vector(new WeightedText("a b a b c a"));
        Assert.Equal(repeated.Terms, weighted.Terms);
        Assert.Equal(repeated.Weights, weighted.Weights);
    }

    [Fact]
    public void Texts_without_a_known_term_have_an_empty_vector()
    {
        SparseVector vector = new TfIdfVectorizer(["a"], Split).Vector(new WeightedText("x y"));
        Assert.Empty(vector.Terms);
        Assert.Empty(vector.Weights);
    }

    [Fact]
    public void The_index_gives_the_dot_products_of_the_vectors()
    {
        Gen<string> text = Gen.Char["abcdefgh"].Array[0, 12].Select(letters => string.Join(' ', letters));
        Gen.Select(text.Array[1, 20], text).Sample((documents, query) =>
        {
            var vectorizer = new TfIdfVectorizer(documents, Split);
            SparseVector[] vectors = [.. documents.Select(document => vectorizer.Vector(new WeightedText(document)))];
            SparseVector asked = vectorizer.Vector(new WeightedText(query));
            var scores = new double[documents.Length];
            new InvertedIndex(vectors, vectorizer.TermCount).Scores(asked, scores);
            for (int document = 0; document < documents.Length; document++)
            {
                Assert.Equal(Dot(vectors[document], asked), scores[document], 1e-6);
                Assert.Equal(vectors[document].Terms.Length == 0 ? 0 : 1, Dot(vectors[document], vectors[document]), 1e-12);
            }
        }, iter: 300);
    }

    private static double Dot(SparseVector left, SparseVector right) =>
        left.Terms.Zip(left.Weights).Join(right.Terms.Zip(right.Weights), entry => entry.First, entry => entry.First, (one, other) => one.Second * other.Second).Sum();
}
