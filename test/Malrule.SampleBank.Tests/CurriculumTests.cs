using System.Text.RegularExpressions;

namespace Malrule.SampleBank.Tests;

public sealed partial class CurriculumTests
{
    private const int SetsWanted = 1000;

    public static TheoryData<int> Constructs => [.. Enumerable.Range(0, Curriculum.Constructs.Count)];

    [Fact]
    public void There_are_150_misconceptions_of_30_constructs()
    {
        Assert.Equal(30, Curriculum.Constructs.Count);
        Assert.Equal(150, Curriculum.Rules.Count);
        Assert.Equal(Enumerable.Range(0, 150), Curriculum.Rules.Select(rule => rule.Id));
    }

    [Fact]
    public void The_kept_out_misconceptions_are_these() =>
        Assert.Equal([0, 11, 22, 33, 44, 55, 66, 77, 88, 99, 100, 111, 122, 133, 144], Curriculum.Rules.Where(rule => rule.IsKeptOut).Select(rule => rule.Id));

    [Fact]
    public void No_two_texts_of_the_catalogue_are_equal()
    {
        string[] texts = [.. Curriculum.Rules.SelectMany(rule => rule.Paraphrases.Append(rule.Name)).Select(text => text.ToUpperInvariant())];
        Assert.Empty(texts.GroupBy(text => text).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.DoesNotContain(texts, text => text != text.Trim() || text.EndsWith('.') || text.Contains("  ", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_rule_has_six_paraphrases_and_every_construct_seven_wordings_and_two_held_out()
    {
        Assert.All(Curriculum.Rules, rule => Assert.InRange(rule.Paraphrases.Count, 6, 10));
        Assert.All(Curriculum.Constructs, construct => Assert.InRange(construct.StemCount, 7, 8));
        Assert.All(Curriculum.Constructs, construct => Assert.InRange(construct.HeldOutStemCount, 2, 4));
    }

    [Theory]
    [MemberData(nameof(Constructs))]
    public void Every_rule_explains_a_thousand_parameter_sets_of_training_alone(int id)
    {
        Construct construct = Curriculum.Constructs[id];
        var random = new SeededRandom(11, id);
        HashSet<string>[] sets = [.. construct.Rules.Select(_ => new HashSet<string>())];
        for (int draw = 0; draw < 60_000 && sets.Any(set => set.Count < SetsWanted); draw++)
        {
            Exercise exercise = construct.Draw(random, Pool.Training);
            for (int rule = 0; rule < sets.Length; rule++)
            {
                if (exercise.Unambiguous(rule) is not null)
                    sets[rule].Add(exercise.Parameters);
            }
        }
        Assert.All(sets, set => Assert.True(set.Count >= SetsWanted, $"{set.Count} sets"));
    }

    [Theory]
    [MemberData(nameof(Constructs))]
    public void Stems_never_contain_catalogue_wording(int id)
    {
        const int Run = 5; // this many words in a row are wording, not chance
        Construct construct = Curriculum.Constructs[id];
        var catalogue = new HashSet<string>(Curriculum.Rules.SelectMany(rule => rule.Paraphrases.Append(rule.Name)).SelectMany(text => Runs(text, Run)));
        Exercise exercise = construct.Draw(new SeededRandom(3, id), Pool.Banks);
        string[] stems =
        [
            .. Enumerable.Range(0, construct.StemCount).Select(i => exercise.Wording(i, heldOut: false)),
            .. Enumerable.Range(0, construct.HeldOutStemCount).Select(i => exercise.Wording(i, heldOut: true)),
        ];
        Assert.Equal(stems.Length, stems.Distinct().Count());
        Assert.All(stems, stem => Assert.DoesNotContain(Runs(stem, Run), catalogue.Contains));
    }

    [Theory]
    [MemberData(nameof(Constructs))]
    public void A_rule_explains_an_option_only_if_no_other_rule_gives_it(int id)
    {
        Construct construct = Curriculum.Constructs[id];
        var random = new SeededRandom(5, id);
        for (int draw = 0; draw < 500; draw++)
        {
            Exercise exercise = construct.Draw(random, Pool.Training);
            Answer[] options = [exercise.Key, .. Enumerable.Range(0, construct.Rules.Count).Select(exercise.Unambiguous).OfType<Answer>()];
            Assert.Equal(options.Length, options.Select(option => option.Text).Distinct().Count());
            Assert.Equal(options.Length, options.Select(option => option.Value).Distinct().Count());
            Assert.All(options[1..], option => Assert.Single(exercise.Answers, answer => answer is { } given && given.Matches(option)));
        }
    }

    private static IEnumerable<string> Runs(string text, int length)
    {
        string[] words = [.. Word().Matches(text.ToLowerInvariant()).Select(match => match.Value)];
        for (int i = 0; i + length <= words.Length; i++)
            yield return string.Join(' ', words[i..(i + length)]);
    }

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();
}
