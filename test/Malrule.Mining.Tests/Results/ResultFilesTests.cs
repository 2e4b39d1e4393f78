using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Results;
using Malrule.Tests;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Results;

public sealed class ResultFilesTests
{
    private static readonly MisconceptionCatalogue Catalogue = new([new(0, "Adds, always"), new(1, " Says \"no\"\n"), new(2, "Plain")]);

    private static readonly MinedDistractor[] Mined =
    [
        new(new Distractor(Question(3, "c", "s", "q", 1, 2), 'B'), [new(2, 10), new(1, 0.1)]) { Inferred = ["says no", "it's"], Demonstrations = [7, 9] },
        new(new Distractor(Question(3, "c", "s", "q", 1, 2), 'C'), [new(2, 1)]),
        new(new Distractor(Question(3, "c", "s", "q", 1, 2), 'D'), []),
    ];

    private static string Written(Action<string> write)
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "out.csv");
        write(path);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        return File.ReadAllText(path);
    }

    [Fact]
    public void Submission_lists_the_ids_of_each_distractor() =>
        Assert.Equal("QuestionId_Answer,MisconceptionId\n3_B,2 1\n3_C,2\n3_D,\n", Written(path => ResultFiles.WriteSubmission(path, Mined)));

    [Fact]
    public void Submission_takes_the_first_25()
    {
        MinedDistractor many = Mined[0] with { Candidates = [.. Enumerable.Range(100, 30).Select(id => new Candidate(id, -id))] };
        Assert.Equal($"3_B,{string.Join(' ', Enumerable.Range(100, 25))}", Written(path => ResultFiles.WriteSubmission(path, [many])).Split('\n')[1]);
    }

    [Fact]
    public void Debug_table_has_the_columns_of_the_tutorial() => Assert.Equal(
        """"
        QuestionId_Answer,InferredMisconception,TopKQuestionIDs,MisconceptionIdGT,MisconceptionNameGT,MisconceptionId,apk@25
        3_B,"['says no', ""it's""]","[7, 9]",[1]," Says ""no""
        ","[2, 1]",0.5
        3_C,[],[],[2],Plain,[2],1.0

        """", Written(path => ResultFiles.WriteDebug(path, Mined, Catalogue)));

    [Fact]
    public void Candidates_carry_name_and_score() => Assert.Equal(
        """"
        QuestionId_Answer,Rank,MisconceptionId,MisconceptionName,Score
        3_B,1,2,Plain,10
        3_B,2,1,"Says ""no""",0.1
        3_C,1,2,Plain,1

        """", Written(path => ResultFiles.WriteCandidates(path, Mined, Catalogue)));

    [Fact]
    public void An_unwritable_place_is_named_and_leaves_nothing_behind()
    {
        string folder = TestPaths.TemporaryFolder();
        var error = Assert.Throws<InvalidInputException>(() => ResultFiles.WriteSubmission(Path.Combine(folder, "no", "submission.csv"), Mined));
        Assert.Contains("its folder does not exist", error.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder, "submission.csv"));
        Assert.ThrowsAny<MalruleException>(() => ResultFiles.WriteSubmission(Path.Combine(folder, "submission.csv"), Mined));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void An_error_while_writing_leaves_the_old_file_as_it_was()
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "out.csv");
        File.WriteAllText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Golden_rankings_give_the_golden_submission_byte_for_byte()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        Dictionary<string, Distractor> distractors = Eedi().Distractors.ToDictionary(distractor => distractor.Id);
        MinedDistractor[] mined = [.. golden.RootElement.GetProperty("items").EnumerateArray().Select(item => new MinedDistractor(
            distractors[item.GetProperty("id").GetString()!],
            [.. item.GetProperty("borda_top25").EnumerateArray().Select(id => new Candidate(id.GetInt32(), 0))]))];
        Assert.Equal(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "submission.csv")), Written(path => ResultFiles.WriteSubmission(path, mined)));
    }
}
