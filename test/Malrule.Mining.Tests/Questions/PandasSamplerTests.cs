using System.Text.Json;
using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Questions;

public sealed class PandasSamplerTests
{
    [Fact]
    public void Mersenne_twister_gives_the_published_numbers()
    {
        // numpy: RandomState(5489).randint(0, 2**32, 3); 4123659995 is the 10,000th number of the reference seed.
        var random = new MersenneTwister(5489);
        Assert.Equal([3499211612u, 581869302u, 3890346734u], [random.NextUInt32(), random.NextUInt32(), random.NextUInt32()]);
        for (int i = 3; i < 9999; i++)
            random.NextUInt32();
        Assert.Equal(4123659995u, random.NextUInt32());
    }

    [Fact]
    public void Sample_picks_the_questions_that_pandas_picks()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        int[] expected = [.. golden.RootElement.GetProperty("sample_question_ids").EnumerateArray().Select(id => id.GetInt32())];
        // Question ids of the file are its row numbers.
        Assert.Equal(expected, PandasSampler.Sample(1869, 100, 3).Order());
    }

    [Fact]
    public void Permutation_is_that_of_numpy() =>
        Assert.Equal([2, 8, 4, 9, 1, 6, 7, 3, 0, 5], PandasSampler.Sample(10, 10, 0));

    [Fact]
    public void Sample_of_all_rows_is_a_permutation() =>
        Assert.Equal(Enumerable.Range(0, 500), PandasSampler.Sample(500, 500, 12).Order());
}
