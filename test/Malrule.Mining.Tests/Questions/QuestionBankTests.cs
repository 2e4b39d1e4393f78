using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Tests;
using static Malrule.Mining.Tests.Questions.EediFiles;

namespace Malrule.Mining.Tests.Questions;

public sealed class QuestionBankTests
{
    private const string Train = LabelledHeader + "\n9,1,C,1,S,A,Q9,a,b,c,d,,0,,7\n2,1,C,1,S,A,Q2,a,b,c,d,,,,0\n";
    private const string Test = Header + "\n30,1,C,1,S,B,Q30,a,b,c,d\n";

    [Fact]
    public void Load_mines_the_test_file_where_it_is_there()
    {
        QuestionBank bank = QuestionBank.Load(Folder(("misconception_mapping.csv", Catalogue), ("train.csv", Train), ("test.csv", Test)));
        Assert.False(bank.IsLabelled);
        Assert.Equal(["30_A", "30_C", "30_D"], bank.Distractors.Select(distractor => distractor.Id));
        Assert.Equal([2, 9], bank.Labelled.Select(question => question.Id));
        Assert.Equal(["catalogue", "labelled", "questions"], bank.Files.Keys.Order());
    }

    [Fact]
    public void Load_else_mines_the_labelled_distractors_of_the_train_file_by_id_and_letter()
    {
        QuestionBank bank = QuestionBank.Load(Folder(("misconception_mapping.csv", Catalogue), ("train.csv", Train)));
        Assert.True(bank.IsLabelled);
        Assert.Equal(["2_D", "9_B", "9_D"], bank.Distractors.Select(distractor => distractor.Id));
        Assert.Equal([9, 2], bank.Questions.Select(question => question.Id));
        Assert.Same(bank.Labelled[0], bank.Questions[1]);
    }

    [Fact]
    public void Load_takes_a_named_file_of_questions_and_needs_no_labelled_ones()
    {
        string folder = Folder(("misconception_mapping.csv", Catalogue), ("mine.csv", Test));
        QuestionBank bank = QuestionBank.Load(folder, Path.Combine(folder, "mine.csv"));
        Assert.Equal([30], bank.Questions.Select(question => question.Id));
        Assert.Empty(bank.Labelled);
    }

    [Fact]
    public void Label_columns_that_are_all_empty_count_as_no_labels()
    {
        QuestionBank bank = QuestionBank.Load(Folder(("misconception_mapping.csv", Catalogue), ("train.csv", LabelledHeader + "\n9,1,C,1,S,A,Q9,a,b,c,d,,,,\n")));
        Assert.False(bank.IsLabelled);
        Assert.Equal(3, bank.Distractors.Count());
    }

    [Fact]
    public void A_sample_of_labelled_questions_stays_labelled()
    {
        string train = LabelledHeader + "\n11,1,C,1,S,A,Q11,a,b,c,d,,,,\n2,1,C,1,S,A,Q2,a,b,c,d,,,,0\n";
        QuestionBank bank = QuestionBank.Load(Folder(("misconception_mapping.csv", Catalogue), ("train.csv", train)));
        QuestionBank[] samples = [.. Enumerable.Range(0, 20).Select(seed => bank.Sample(1, (uint)seed))];
        Assert.All(samples, sample => Assert.True(sample.IsLabelled));
        Assert.Equal([2, 11], samples.Select(sample => sample.Questions.Single().Id).Distinct().Order());
        Assert.All(samples.Where(sample => sample.Questions[0].Id == 11), sample => Assert.Empty(sample.Distractors));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_sample_larger_than_the_file_is_refused(int count)
    {
        QuestionBank bank = QuestionBank.Load(Folder(("misconception_mapping.csv", Catalogue), ("train.csv", Train)));
        Assert.Contains("Ask for 1 to 2", Assert.Throws<InvalidInputException>(() => bank.Sample(count, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_folder_or_catalogue_is_named()
    {
        Assert.Contains("data folder /nowhere does not exist", Assert.Throws<InvalidInputException>(() => QuestionBank.Load("/nowhere")).Message, StringComparison.Ordinal);
        Assert.Contains("misconception_mapping.csv does not exist", Assert.Throws<InvalidInputException>(() => QuestionBank.Load(Folder())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Eedi_has_the_published_counts()
    {
        string folder = TestPaths.Shared("eedi");
        QuestionBank bank = QuestionBank.Load(folder, Path.Combine(folder, "train.csv"));
        Assert.Equal(1869, bank.Questions.Count);
        Assert.Equal(4370, bank.Distractors.Count());
        Assert.Equal(2587, bank.Catalogue.Count);
        Assert.Equal(4, bank.Catalogue.Items.Count(item => item.Name.Contains('\n', StringComparison.Ordinal)));
        Assert.Equal(117, bank.Catalogue.Items.Count(item => item.Name != item.Name.Trim()));
        Assert.Equal(9, QuestionBank.Load(folder).Distractors.Count());
    }
}
