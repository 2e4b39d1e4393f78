using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.SampleBank.Tests;

public sealed class SampleBankTests
{
    private static readonly GeneratedBank Bank = SampleBankGenerator.Generate(new SampleBankOptions());

    private static IEnumerable<Question> All(GeneratedBank bank) => [.. bank.Train, .. bank.Test, .. bank.KeptOut];

    private static int[] Labels(IEnumerable<Question> questions) =>
        [.. questions.SelectMany(question => question.LabelledDistractors).Select(distractor => distractor.MisconceptionId!.Value)];

    [Fact]
    public void A_bank_of_600_has_358_questions_to_learn_from_200_to_mine_and_42_kept_out()
    {
        Assert.Equal((358, 200, 42), (Bank.Train.Count, Bank.Test.Count, Bank.KeptOut.Count));
        Assert.Equal(Enumerable.Range(0, 600), All(Bank).Select(question => question.Id).Order());
        Assert.Equal(30, Bank.Test.Select(question => question.ConstructName).Distinct().Count());
    }

    [Fact]
    public void Every_question_has_four_different_options_and_no_label_on_the_key() => Assert.All(All(Bank), question =>
    {
        Assert.Equal(4, question.Options.Distinct().Count());
        Assert.Null(question.MisconceptionIds[Question.Letters.IndexOf(question.Key)]);
        Assert.NotEmpty(question.LabelledDistractors);
        Assert.DoesNotContain("@", question.Stem, StringComparison.Ordinal);
    });

    [Fact]
    public void Three_in_ten_misconceptions_never_label_a_question_to_learn_from()
    {
        Assert.Equal(45, Bank.UnseenIds.Count);
        int[] train = Labels(Bank.Train), test = Labels(Bank.Test);
        Assert.Empty(train.Intersect(Bank.UnseenIds));
        Assert.Empty(train.Intersect(Bank.KeptOutIds));
        Assert.Equal(90, train.Distinct().Count());
        Assert.Equal(135, test.Distinct().Count());
        Assert.Equal(600, test.Length);
        Assert.InRange(test.Count(Bank.UnseenIds.Contains) / 600.0, 0.3, 0.37);
    }

    [Fact]
    public void The_misconceptions_to_mine_are_about_equally_frequent()
    {
        int[] counts = [.. Labels(Bank.Test).CountBy(id => id).Select(pair => pair.Value)];
        Assert.InRange(counts.Min(), 2, 4);
        Assert.InRange(counts.Max(), 5, 8);
    }

    [Fact]
    public void Kept_out_misconceptions_have_a_file_of_their_own()
    {
        Assert.Empty(Labels(Bank.Test).Intersect(Bank.KeptOutIds));
        Assert.Equal(42, Labels(Bank.KeptOut).Length);
        Assert.Equal(Bank.KeptOutIds, Labels(Bank.KeptOut).Distinct().Order());
    }

    [Fact]
    public void Kept_out_misconceptions_label_questions_to_learn_from_when_asked_for()
    {
        GeneratedBank bank = SampleBankGenerator.Generate(new SampleBankOptions { LabelKeptOut = true });
        Assert.Equal(Bank.KeptOutIds, Labels(bank.Train).Intersect(bank.KeptOutIds).Order());
        Assert.Equal(Bank.UnseenIds, bank.UnseenIds);
    }

    [Fact]
    public void No_two_questions_of_a_bank_have_the_same_options_and_stem() =>
        Assert.Equal(600, All(Bank).Select(question => question.Stem + string.Join('|', question.Options.Order(StringComparer.Ordinal))).Distinct().Count());

    [Fact]
    public void Held_out_wordings_are_in_the_questions_to_mine_only()
    {
        GeneratedBank heldOut = SampleBankGenerator.Generate(new SampleBankOptions { Wordings = StemWordings.HeldOut });
        string[] constructStems = [.. Bank.Test.Where(question => question.ConstructId == 0).Select(Opening)];
        Assert.Empty(heldOut.Test.Where(question => question.ConstructId == 0).Select(Opening).Intersect(constructStems));
        Assert.NotEmpty(heldOut.Train.Where(question => question.ConstructId == 0).Select(Opening).Intersect(constructStems));

        static string Opening(Question question) => question.Stem[..10];
    }

    [Fact]
    public void The_largest_bank_has_enough_parameters() =>
        Assert.Equal(3000, All(SampleBankGenerator.Generate(new SampleBankOptions { Questions = 3000, LabelKeptOut = true })).Count());

    [Theory]
    [InlineData(59)]
    [InlineData(3001)]
    public void A_bank_that_is_too_small_or_too_large_is_refused(int questions) =>
        Assert.Contains("60 to 3000", Assert.Throws<InvalidInputException>(() => SampleBankGenerator.Generate(new SampleBankOptions { Questions = questions })).Message, StringComparison.Ordinal);

    [Fact]
    public void The_same_options_write_the_same_bytes_and_another_seed_others()
    {
        string first = TestPaths.TemporaryFolder(), second = TestPaths.TemporaryFolder(), third = TestPaths.TemporaryFolder();
        SampleBankWriter.Write(first, new SampleBankOptions { Seed = 9 });
        SampleBankWriter.Write(second, new SampleBankOptions { Seed = 9 });
        SampleBankWriter.Write(third, new SampleBankOptions { Seed = 10 });
        foreach (string file in new[] { "train.csv", "test.csv", "kept-out.csv", "README.md", "misconception_mapping.csv" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(first, file)), File.ReadAllBytes(Path.Combine(second, file)));
            Assert.Equal(file == "misconception_mapping.csv", File.ReadAllBytes(Path.Combine(first, file)).SequenceEqual(File.ReadAllBytes(Path.Combine(third, file))));
        }
    }

    [Fact]
    public void What_is_written_reads_back_as_it_was()
    {
        string folder = TestPaths.TemporaryFolder();
        GeneratedBank bank = SampleBankWriter.Write(folder, new SampleBankOptions { Seed = 4 });
        MisconceptionCatalogue catalogue = EediReader.ReadCatalogue(Path.Combine(folder, "misconception_mapping.csv"));
        Assert.Equal(bank.Catalogue.Items, catalogue.Items);
        foreach ((string file, IReadOnlyList<Question> questions) in new[] { ("train.csv", bank.Train), ("test.csv", bank.Test), ("kept-out.csv", bank.KeptOut) })
            Assert.Equal(questions.Select(Flat), EediReader.ReadQuestions(Path.Combine(folder, file), catalogue).Select(Flat));

        static string Flat(Question question) => string.Join('|',
            [$"{question.Id} {question.ConstructId} {question.SubjectId} {question.Key}", question.ConstructName, question.SubjectName, question.Stem, .. question.Options, .. question.MisconceptionIds.Select(id => $"{id}")]);
    }

    [Fact]
    public void The_committed_bank_is_the_one_of_seed_1()
    {
        string folder = TestPaths.TemporaryFolder();
        SampleBankWriter.Write(folder, new SampleBankOptions());
        foreach (string file in Directory.GetFiles(folder))
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(Path.Combine(TestPaths.Repository, "samples", "bank", Path.GetFileName(file))));
    }
}
