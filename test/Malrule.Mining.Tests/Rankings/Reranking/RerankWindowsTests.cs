using CsCheck;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Tests.Rankings.Reranking;

public sealed class RerankWindowsTests
{
    private static RerankOptions Options(int window, int permutations) => new() { Window = window, Permutations = permutations };

    [Fact]
    public void Every_permutation_shows_every_candidate_once_and_none_of_these_in_every_window() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 25], Gen.Int[1, 12], Gen.ULong).Sample((candidates, window, permutations, seed) =>
        {
            int[] ids = [.. Enumerable.Range(100, candidates)];
            int?[][] dealt = RerankWindows.Deal(ids, Options(window, permutations), seed);
            int windows = (candidates + window - 1) / window;
            Assert.Equal(windows * permutations, dealt.Length);
            foreach (int?[][] permutation in dealt.Chunk(windows))
                Assert.Equal(ids, permutation.SelectMany(names => names).OfType<int>().Order());
            Assert.All(dealt, names => Assert.Single(names, name => name is null));
            Assert.InRange(dealt.Max(names => names.Length), dealt.Min(names => names.Length), dealt.Min(names => names.Length) + 1);
            Assert.InRange(dealt.Max(names => names.Length), 1, window + 1);
        });

    [Fact]
    public void Over_as_many_permutations_as_letters_each_name_stands_once_under_each_letter()
    {
        int[] ids = [.. Enumerable.Range(0, 24)];
        int?[][] dealt = RerankWindows.Deal(ids, Options(window: 8, permutations: 9), seed: 5);
        foreach (int? id in ids.Select(id => (int?)id).Append(null))
        {
            int[] letters = [.. dealt.Where(names => names.Contains(id)).Select(names => Array.IndexOf(names, id))];
            Assert.Equal(Enumerable.Range(0, 9).SelectMany(letter => Enumerable.Repeat(letter, letters.Length / 9)), letters.Order());
        }
    }

    [Fact]
    public void Candidates_that_stand_next_to_each_other_are_dealt_to_different_windows_in_changing_company()
    {
        int?[][] dealt = RerankWindows.Deal([.. Enumerable.Range(0, 30)], Options(window: 10, permutations: 6), seed: 1);
        Assert.All(dealt, names => Assert.Equal(Enumerable.Range(0, 10), names.OfType<int>().Select(id => id / 3).Order()));
        int companions = dealt.Where(names => names.Contains(0)).SelectMany(names => names.OfType<int>()).Distinct().Count();
        Assert.InRange(companions, 15, 28);
    }

    [Fact]
    public void The_seed_decides_and_nothing_else()
    {
        int[] ids = [.. Enumerable.Range(0, 25)];
        Assert.Equal(RerankWindows.Deal(ids, new RerankOptions(), 7), RerankWindows.Deal(ids, new RerankOptions(), 7));
        Assert.NotEqual(RerankWindows.Deal(ids, new RerankOptions(), 7), RerankWindows.Deal(ids, new RerankOptions(), 8));
        Assert.Empty(RerankWindows.Deal([], new RerankOptions(), 7));
    }
}
