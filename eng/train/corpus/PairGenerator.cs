using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>Two texts that mean the same misconception.</summary>
/// <param name="Anchor">One wording.</param>
/// <param name="Positive">Another, or the same garbled.</param>
/// <param name="Id">The mal-rule's id; the same for all pairs of one meaning.</param>
internal readonly record struct ParaphrasePair(string Anchor, string Positive, int Id);

/// <summary>Pairs of wordings for training the embedder; each is a function of (seed, index). Kept-out mal-rules never appear.</summary>
internal sealed class PairGenerator(long seed)
{
    private static readonly MalRule[] Trained = [.. Curriculum.Rules.Where(rule => !rule.IsKeptOut)];

    private static readonly string[] Openings =
    [
        "The student ", "This student ", "The pupil ", "Student ", "The learner ", "They ", "The error is that the student ", "Misconception: ", "The student incorrectly ",
        "It seems the student ", "The misconception is that the student ", "Here the pupil ",
    ];

    private static readonly string[] Endings = [".", "", "", " .", " in this question", " here", " when answering", ", which is wrong", " by mistake"];

    public ParaphrasePair Generate(long index)
    {
        var random = new SeededRandom(seed, index);
        MalRule rule = random.Pick(Trained);
        string first = random.Chance(0.4) ? rule.Name : random.Pick(rule.Paraphrases);
        string second = random.Chance(0.4) ? rule.Name : random.Pick(rule.Paraphrases);
        return new ParaphrasePair(random.Chance(0.5) ? Vary(random, first) : first, first == second || random.Chance(0.6) ? Vary(random, second) : second, rule.Id);
    }

    /// <summary>A wording as a language model may garble it: another opening or ending, words lost, doubled or swapped, letters mistyped.</summary>
    private static string Vary(SeededRandom random, string text)
    {
        var words = new List<string>(text.Split(' '));
        for (int slips = random.Int(0, 3); slips > 0; slips--)
        {
            int at = random.Int(0, words.Count - 1);
            switch (random.Int(0, 4))
            {
                case 0 when words.Count > 5:
                    words.RemoveAt(at);
                    break;
                case 1 when at + 1 < words.Count:
                    (words[at], words[at + 1]) = (words[at + 1], words[at]);
                    break;
                case 2 when words[at].Length > 3:
                    words[at] = words[at].Remove(random.Int(1, words[at].Length - 1), 1);
                    break;
                case 3:
                    words.Insert(at, words[at]);
                    break;
                case 4 when words.Count > 8:
                    words.RemoveRange(words.Count - 2, 2); // cut off by the token limit
                    break;
            }
        }
        string varied = string.Join(' ', words);
        if (random.Chance(0.4))
            varied = random.Pick(Openings) + char.ToLowerInvariant(varied[0]) + varied[1..];
        else if (random.Chance(0.3))
            varied = varied.ToLowerInvariant();
        return random.Chance(0.4) ? varied + random.Pick(Endings) : varied;
    }
}
