namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// Deals a distractor's candidates to windows. All windows of a permutation are as long as each other, but for one name, and as strong: candidates
/// that stand next to each other are dealt to different windows, anew for each permutation. A name's letter moves on by the same step from
/// permutation to permutation, and so does that of "none of these"; over as many permutations as a window has letters, each stands under each
/// letter once. Then whatever a model adds to the log probability of a letter as such cancels out.
/// </summary>
internal static class RerankWindows
{
    /// <summary>The windows of all permutations, each as candidates in the order of the letters; null is none of these.</summary>
    public static int?[][] Deal(IReadOnlyList<int> candidates, RerankOptions options, ulong seed)
    {
        if (candidates.Count == 0)
            return [];
        var random = new SplitMix64(seed);
        int windows = (candidates.Count + options.Window - 1) / options.Window;
        int[][] strata = [.. candidates.Chunk(windows)]; // one of each for every window
        int letters = strata.Length + 1;
        int[] places = random.Sample([.. Enumerable.Range(0, letters)], letters); // of each stratum in the first permutation; the last is none of these

        var dealt = new List<int?[]>(windows * options.Permutations);
        for (int permutation = 0; permutation < options.Permutations; permutation++)
        {
            int step = (int)((long)permutation * letters / options.Permutations);
            int[][] hands = [.. strata.Select(stratum => random.Sample(stratum, stratum.Length))];
            for (int window = 0; window < windows; window++)
            {
                var shown = new SortedDictionary<int, int?> { [Place(strata.Length)] = null };
                for (int stratum = 0; stratum < hands.Length; stratum++)
                {
                    if (window < hands[stratum].Length) // the last may be too short for all windows
                        shown.Add(Place(stratum), hands[stratum][window]);
                }
                dealt.Add([.. shown.Values]);
            }
            int Place(int stratum) => (places[stratum] + step) % letters;
        }
        return [.. dealt];
    }
}
