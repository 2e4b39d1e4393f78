using CsCheck;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Tests.Rankings;

public sealed class CosineIndexTests
{
    private static MisconceptionCatalogue Catalogue(int count) => new([.. Enumerable.Range(0, count).Select(i => new Misconception(count - i, ""))]);

    private static EmbeddingMatrix Random(int seed, int count, int dimensions)
    {
        var random = new Random(seed);
        return new EmbeddingMatrix([.. Enumerable.Range(0, count * dimensions).Select(_ => (float)(random.NextDouble() - 0.5))], count, dimensions);
    }

    private static IReadOnlyList<IReadOnlyList<Candidate>> Top(CosineIndex index, EmbeddingMatrix queries, int threads = 0) =>
        index.Top(queries, 25, threads, TestContext.Current.CancellationToken);

    [Fact]
    public void Scores_agree_with_double_cosines_at_any_shape_and_both_widths()
    {
        Gen.Select(Gen.Int[1, 90], Gen.Int[1, 130], Gen.Int[1, 110], Gen.Int).Sample((dimensions, names, queries, seed) =>
        {
            EmbeddingMatrix catalogue = Random(seed, names, dimensions), query = Random(seed + 1, queries, dimensions);
            var wide = new float[queries * names];
            var narrow = new float[queries * names];
            new CosineIndex(Catalogue(names), catalogue, wide: true).Scores(query.Values, wide);
            new CosineIndex(Catalogue(names), catalogue, wide: false).Scores(query.Values, narrow);
            Assert.Equal(wide, narrow);
            var exact = new double[names];
            for (int row = 0; row < queries; row++)
            {
                CosineSimilarity.Scores(query[row], catalogue, exact);
                for (int name = 0; name < names; name++)
                    Assert.Equal(exact[name], wide[row * names + name], 2e-6);
            }
        }, iter: 60);
    }

    [Fact]
    public void Top_lists_the_best_scores_with_ties_to_the_lower_id_whatever_the_threads_and_batch()
    {
        const int names = 500, dimensions = 3, queries = 600; // more than two blocks
        // Coarse values make many equal cosines.
        var random = new Random(5);
        var catalogue = new EmbeddingMatrix([.. Enumerable.Range(0, names * dimensions).Select(_ => (float)random.Next(-2, 3))], names, dimensions);
        var query = new EmbeddingMatrix([.. Enumerable.Range(0, queries * dimensions).Select(_ => (float)random.Next(-2, 3))], queries, dimensions);
        MisconceptionCatalogue ids = Catalogue(names);
        var index = new CosineIndex(ids, catalogue);
        IReadOnlyList<IReadOnlyList<Candidate>> lists = Top(index, query, threads: 1);
        Assert.Equal(lists, Top(index, query, threads: 3));
        var scores = new float[names];
        for (int row = 0; row < queries; row++)
        {
            index.Scores(query[row], scores);
            Assert.Equal(
                Enumerable.Range(0, names).Select(name => new Candidate(ids.Items[name].Id, scores[name])).OrderByDescending(c => c.Score).ThenBy(c => c.MisconceptionId).Take(25),
                lists[row]);
            Assert.Equal(lists[row], Assert.Single(Top(index, new EmbeddingMatrix(query[row].ToArray(), 1, dimensions))));
        }
    }

    [Fact]
    public void Lists_are_as_long_as_the_catalogue_where_it_is_short() =>
        Assert.Equal(3, Assert.Single(Top(new CosineIndex(Catalogue(3), Random(1, 3, 8)), Random(2, 1, 8))).Count);

    [Fact]
    public void A_zero_vector_has_cosine_zero_and_a_NaN_is_refused_by_row()
    {
        var index = new CosineIndex(Catalogue(2), new EmbeddingMatrix([1, 0, 0, 0], 2, 2));
        var scores = new float[2];
        index.Scores([3, 4], scores);
        Assert.Equal([0.6f, 0], scores);
        index.Scores([0, 0], scores);
        Assert.Equal([0f, 0], scores);
        var nan = new EmbeddingMatrix([1, 0, float.NaN, 0], 2, 2);
        Assert.Contains("catalogue row 1", Assert.Throws<MalruleException>(() => new CosineIndex(Catalogue(2), nan)).Message, StringComparison.Ordinal);
        Assert.Contains("query row 1", Assert.Throws<MalruleException>(() => index.Scores(nan.Values, new float[4])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CosineIndex(Catalogue(3), Random(1, 2, 8)));
        var index = new CosineIndex(Catalogue(2), Random(1, 2, 8));
        Assert.Throws<ArgumentException>(() => index.Scores(new float[9], new float[2]));
        Assert.Throws<ArgumentException>(() => index.Scores(new float[8], new float[3]));
        Assert.Throws<ArgumentException>(() => CosineSimilarity.Scores(new float[7], Random(1, 2, 8), new double[2]));
    }
}
