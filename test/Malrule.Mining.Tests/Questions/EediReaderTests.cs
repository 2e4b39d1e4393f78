using System.Text;
using Malrule.Inference;
using Malrule.Mining.Questions;
using static Malrule.Mining.Tests.Questions.EediFiles;

namespace Malrule.Mining.Tests.Questions;

public sealed class EediReaderTests
{
    private static readonly MisconceptionCatalogue Three = EediReader.ReadCatalogue(Write(Catalogue));

    [Fact]
    public void Catalogue_keeps_names_as_they_stand_and_offers_them_clean()
    {
        Assert.Equal([0, 7, 1672], Three.Items.Select(item => item.Id));
        Assert.Equal(" Thinks 1:2\nis a half ", Three[7].Name);
        Assert.Equal("Thinks 1:2 is a half", Three[7].CleanName);
        Assert.Equal(1, Three.IndexOf(7));
    }

    [Theory]
    [InlineData("\n", false)]
    [InlineData("\r\n", false)]
    [InlineData("\n", true)]
    [InlineData("\r\n", true)]
    public void Questions_keep_quoted_latex_over_lines_float_ids_and_empty_labels(string newLine, bool byteOrderMark)
    {
        string text = LabelledHeader + "\n"
            + "12,3,\" Order, of operations \",4,BIDMAS,A,\"\\[\n3 \\times 2\n\\] is \"\"what\"\"?\",\\( 6 \\),None,NA,\"Only\nTom\",,,7.0,1672.0\n"
            + "13,3.0,C,4,S,d,Q,a,b,c,d,0,,,\n".Replace(",d,Q", ",D,Q", StringComparison.Ordinal);
        string path = Write(text.ReplaceLineEndings(newLine), encoding: new UTF8Encoding(byteOrderMark));

        Question[] questions = [.. EediReader.ReadQuestions(path, Three)];

        Assert.Equal([12, 13], questions.Select(question => question.Id));
        Question first = questions[0];
        Assert.Equal(" Order, of operations ", first.ConstructName);
        Assert.Equal("\\[\n3 \\times 2\n\\] is \"what\"?".ReplaceLineEndings(newLine), first.Stem);
        Assert.Equal(["\\( 6 \\)", "None", "NA", "Only\nTom".ReplaceLineEndings(newLine)], first.Options);
        Assert.Equal("\\( 6 \\)", first.KeyText);
        Assert.Equal([null, null, 7, 1672], first.MisconceptionIds);
        Assert.Equal(["12_B", "12_C", "12_D"], first.Distractors.Select(distractor => distractor.Id));
        Assert.Equal(["12_C", "12_D"], first.LabelledDistractors.Select(distractor => distractor.Id));
        Assert.Equal((3, 4), (questions[1].ConstructId, questions[1].SubjectId));
    }

    [Fact]
    public void Questions_without_label_columns_have_no_labels_and_topic_ids_may_be_absent()
    {
        string path = Write("QuestionId,ConstructName,SubjectName,CorrectAnswer,QuestionText,AnswerAText,AnswerBText,AnswerCText,AnswerDText\n1,C,S,B,Q,a,b,c,d");
        Question question = Assert.Single(EediReader.ReadQuestions(path, Three));
        Assert.Empty(question.LabelledDistractors);
        Assert.Null(question.ConstructId);
        Assert.Equal(["a", "c", "d"], question.Distractors.Select(distractor => distractor.Text));
    }

    [Theory]
    [InlineData(",,,,", "1,,,", "train.csv, line 4, column MisconceptionAId", "found 1")]
    [InlineData(",,,,", "x,,,", "line 4, column MisconceptionAId", "found \"x\"")]
    [InlineData(",,,,", "1.5,,,", "line 4, column MisconceptionAId", "found \"1.5\"")]
    [InlineData(",,,,", "-1,,,", "line 4, column MisconceptionAId", "found \"-1\"")]
    [InlineData(",,,,", "99999999999,,,", "line 4, column MisconceptionAId", "found \"99999999999\"")]
    [InlineData(",,,,", ",0,,", "line 4, column MisconceptionBId", "B being the correct answer")]
    [InlineData("2,", "1,", "line 4, column QuestionId", "found 1 again")]
    [InlineData("2,", ",", "line 4, column QuestionId", "found an empty cell")]
    [InlineData(",B,Q", ",E,Q", "line 4, column CorrectAnswer", "found \"E\"")]
    [InlineData(",B,Q", ",b,Q", "line 4, column CorrectAnswer", "found \"b\"")]
    [InlineData(",B,Q", ",,Q", "line 4, column CorrectAnswer", "found an empty cell")]
    [InlineData(",B,Q", ",B,\" \"", "line 4, column QuestionText", "found an empty cell")]
    [InlineData(",b,c,", ",b,,", "line 4, column AnswerCText", "found an empty cell")]
    [InlineData(",b,c,", ",b,c,c2,", "line 4", "has 16 fields but 15 were expected")]
    [InlineData(",b,c,", ",b,", "line 4", "has 14 fields but 15 were expected")]
    [InlineData(",b,c,", ",b,\"c,", "line 4", "never closed")]
    [InlineData(",b,c,", ",b,2\" pipe,", "line 4", "a quote inside an unquoted field")]
    public void Wrong_record_is_named_by_file_line_and_column(string from, string to, params string[] expected)
    {
        string bad = "2,1,C,1,S,B,Q,a,b,c,d,,,,\n";
        int at = bad.LastIndexOf(from, StringComparison.Ordinal);
        if (from == ",,,,")
            (at, from) = (at + 1, ",,,");
        bad = bad[..at] + to + bad[(at + from.Length)..];
        string path = Write(LabelledHeader + "\n1,1,C,1,S,B,\"two\nlines\",a,b,c,d,,,,\n" + bad);

        var error = Assert.Throws<InvalidInputException>(() => EediReader.ReadQuestions(path, Three).ToList());

        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("", "is empty; expected a header line")]
    [InlineData("\n\n", "is empty; expected a header line")]
    [InlineData(LabelledHeader + "\n", "holds no questions")]
    [InlineData("QuestionId,ConstructName\n1,C", "line 1: expected the columns SubjectName, CorrectAnswer, QuestionText, AnswerAText")]
    [InlineData(Header + ",MisconceptionAId\n", "found no MisconceptionBId, MisconceptionCId, MisconceptionDId")]
    [InlineData(Header + ",QuestionId\n", "column QuestionId: expected every column once")]
    public void Wrong_header_is_refused(string text, string expected)
    {
        var error = Assert.Throws<InvalidInputException>(() => EediReader.ReadQuestions(Write(text), Three).ToList());
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MisconceptionId,MisconceptionName\n", "holds no misconceptions")]
    [InlineData("MisconceptionId,MisconceptionName\n1,a\n1.0,b\n", "line 3, column MisconceptionId: expected every id once, found 1 again")]
    [InlineData("MisconceptionId,MisconceptionName\n1,a\n2, \n", "line 3, column MisconceptionName: expected a text")]
    [InlineData("MisconceptionId,Name\n1,a\n", "expected the column MisconceptionName, found MisconceptionId, Name")]
    public void Wrong_catalogue_is_refused(string text, string expected)
    {
        var error = Assert.Throws<InvalidInputException>(() => EediReader.ReadCatalogue(Write(text)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused()
    {
        string path = Write("MisconceptionId,MisconceptionName\n1,Aire d'un carré\n", encoding: Encoding.Latin1);
        var error = Assert.Throws<InvalidInputException>(() => EediReader.ReadCatalogue(path));
        Assert.Contains("expected UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_without_end_is_refused_before_it_fills_the_memory()
    {
        string path = Write("MisconceptionId,MisconceptionName\n1,\"" + new string('x', 4 << 20) + "\"\n");
        var error = Assert.Throws<InvalidInputException>(() => EediReader.ReadCatalogue(path));
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Absent_file_and_folder_in_its_place_are_named()
    {
        string folder = Folder();
        Assert.Contains("does not exist", Assert.Throws<InvalidInputException>(() => EediReader.ReadCatalogue(Path.Combine(folder, "no.csv"))).Message, StringComparison.Ordinal);
        Assert.Contains("found a folder", Assert.Throws<InvalidInputException>(() => EediReader.ReadCatalogue(folder)).Message, StringComparison.Ordinal);
    }
}
