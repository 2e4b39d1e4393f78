using Malrule.Mining.Demonstrations;
using Malrule.Mining.Questions;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Demonstrations;

public sealed class SameTopicDemonstrationsTests
{
    // 0–4: same construct and subject; 10–12: same subject; 20–21: same construct; 30–39: neither.
    private static Question[] Labelled(int exact, int sameSubject, int sameConstruct, int rest) =>
    [
        .. Enumerable.Range(0, exact).Select(id => Question(id, "c", "s", "")),
        .. Enumerable.Range(10, sameSubject).Select(id => Question(id, "other", "s", "")),
        .. Enumerable.Range(20, sameConstruct).Select(id => Question(id, "c", "other", "")),
        .. Enumerable.Range(30, rest).Select(id => Question(id, $"c{id}", "other", "")),
    ];

    private static int[] Select(Question[] labelled, Question target, int shots, ulong seed, bool dropExact = false) =>
        [.. new SameTopicDemonstrations(labelled, dropExact).Select(target, shots, new SplitMix64(seed)).Select(question => question.Id)];

    [Fact]
    public void Exact_matches_suffice_and_every_one_is_drawn_as_often()
    {
        Question[] labelled = Labelled(5, 3, 2, 10);
        int[] counts = new int[5];
        for (ulong seed = 0; seed < 4000; seed++)
        {
            int[] chosen = Select(labelled, labelled[4], 2, seed);
            Assert.Equal(2, chosen.Distinct().Count());
            foreach (int id in chosen)
                counts[id]++;
        }
        Assert.Equal(0, counts[4]); // itself
        Assert.All(counts[..4], count => Assert.InRange(count, 1850, 2150));
    }

    [Fact]
    public void Too_few_exact_matches_stand_first_and_those_of_one_of_both_follow()
    {
        Question[] labelled = Labelled(3, 3, 2, 10);
        var seen = new HashSet<int>();
        for (ulong seed = 0; seed < 100; seed++)
        {
            int[] chosen = Select(labelled, labelled[1], 4, seed);
            Assert.Equal([0, 2], chosen[..2]);
            seen.UnionWith(chosen[2..]);
            Assert.Equal(4, chosen.Distinct().Count());
        }
        Assert.Equal([10, 11, 12, 20, 21], seen.Order());
    }

    [Fact]
    public void Fallback_keeps_the_exact_matches_unless_the_tutorial_is_followed()
    {
        Question[] labelled = Labelled(2, 1, 1, 10);
        int[] kept = Select(labelled, labelled[0], 5, 7);
        Assert.Equal([1, 10, 20], kept[..3]);
        Assert.All(kept[3..], id => Assert.InRange(id, 30, 39));

        int[] dropped = Select(labelled, labelled[0], 5, 7, dropExact: true);
        Assert.Equal([10, 20], dropped[..2]);
        Assert.Equal(5, dropped.Distinct().Count());
        Assert.All(dropped[2..], id => Assert.InRange(id, 30, 39));
    }

    [Fact]
    public void A_small_bank_gives_what_it_has() =>
        Assert.Equal([1, 10, 30], Select(Labelled(2, 1, 0, 1), Labelled(1, 0, 0, 0)[0], 9, 1));

    [Fact]
    public void Choice_depends_on_seed_and_item_alone()
    {
        Question[] labelled = Labelled(5, 3, 2, 10);
        var first = new DemonstrationSelector(labelled, DemonstrationOptions.Tutorial with { Shots = 2 }, seed: 1);
        var second = new DemonstrationSelector(labelled, DemonstrationOptions.Tutorial with { Shots = 2 }, seed: 1);
        Distractor[] targets = [.. labelled.SelectMany(question => question.Distractors)];
        int[][] forward = [.. targets.Select(target => first.Select(target).Select(question => question.Id).ToArray())];
        int[][] backward = [.. targets.Reverse().Select(target => second.Select(target).Select(question => question.Id).ToArray()).Reverse()];
        Assert.Equal(forward, backward);

        var other = new DemonstrationSelector(labelled, DemonstrationOptions.Tutorial with { Shots = 2 }, seed: 2);
        Assert.NotEqual(forward, targets.Select(target => other.Select(target).Select(question => question.Id).ToArray()));
        Assert.NotEqual(forward[0], forward[2]); // drawn anew for each distractor …

        var perQuestion = new DemonstrationSelector(labelled, DemonstrationOptions.Tutorial with { Shots = 2, DrawForEachDistractor = false }, seed: 1);
        Assert.All(labelled, question => Assert.Single(question.Distractors.Select(target => string.Join(' ', perQuestion.Select(target).Select(shown => shown.Id))).Distinct())); // … or once
    }

    [Fact]
    public void On_Eedi_the_fallback_and_the_lost_matches_are_as_many_as_published()
    {
        QuestionBank bank = Eedi();
        var faithful = new SameTopicDemonstrations(bank.Labelled, fallbackDropsExactMatches: true);
        var mended = new SameTopicDemonstrations(bank.Labelled, fallbackDropsExactMatches: false);
        int lostMatches = 0, questionsThatLose = 0;
        foreach (Question question in bank.Labelled)
        {
            int Exact(SameTopicDemonstrations rule) => rule.Select(question, 3, new SplitMix64(1))
                .Count(shown => (shown.ConstructName, shown.SubjectName) == (question.ConstructName, question.SubjectName));
            int lost = Exact(mended) - Exact(faithful);
            lostMatches += lost;
            questionsThatLose += lost > 0 ? 1 : 0;
        }
        Assert.Equal((9, 12), (questionsThatLose, lostMatches));
    }
}
