using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Questions;

public sealed class BankImportTests
{
    private const string Ideas = "Code,Idea\nM-1,Adds denominators\nM-2,\"Ignores, always, the sign\"\nM-3,Adds  denominators \n";
    private const string Header = "Ref,Question text,One,Two,Three,Four,Right,Why 1,Why 2,Why 3,Why 4\n";

    private static readonly string[] Columns =
    [
        "catalogue-id=Code", "catalogue-name=Idea", "id=Ref", "stem=Question text", "a=One", "b=Two", "c=Three", "d=Four", "key=Right",
        "misconception-a=Why 1", "misconception-b=Why 2", "misconception-c=Why 3", "misconception-d=Why 4",
    ];

    private readonly string _target = Path.Combine(TestPaths.TemporaryFolder(), "data");

    private ImportedBank Import(string? labelled, string? questions = null, string catalogue = Ideas, KeyForm key = KeyForm.Auto, string[]? columns = null, char separator = ',') => BankImport.Run(
        EediFiles.Write(catalogue, "ideas.csv"), labelled is null ? null : EediFiles.Write(labelled, "labelled.csv"), questions is null ? null : EediFiles.Write(questions, "items.csv"),
        new BankColumns(columns ?? Columns) { Key = key, Separator = separator }, _target);

    [Fact]
    public void Tables_with_columns_and_ids_of_their_own_become_a_bank()
    {
        ImportedBank imported = Import(
            Header + "Q-9,\"What is\n1/2 + 1/3?\",5/6,2/5,1/6,1,A,,M-1,,\"ignores, always, the SIGN\"\n",
            Header + "Q-7,\"What is 2 - 3?\",1,-1,5,-5,B,,,,\n");
        Assert.Equal(new ImportedBank(3, 1, 1), imported);

        QuestionBank bank = QuestionBank.Load(_target);
        Assert.Equal(["M-1", "M-2", "M-3"], bank.Catalogue.Items.Select(item => item.SourceId));
        Question learnt = bank.Labelled[0], mined = bank.Questions[0];
        Assert.Equal(("Q-9", "What is\n1/2 + 1/3?", 'A', "", ""), (learnt.SourceId, learnt.Stem, learnt.Key, learnt.ConstructName, learnt.SubjectName));
        Assert.Equal([null, 0, null, 1], learnt.MisconceptionIds);
        Assert.Equal(("Q-7", 'B'), (mined.SourceId, mined.Key));
        Assert.NotEqual(learnt.Id, mined.Id);
    }

    [Fact]
    public void Eedis_own_files_go_through_unchanged_in_meaning()
    {
        string[] files = [.. new[] { "misconception_mapping.csv", "train.csv" }.Select(name => Path.Combine(TestPaths.Repository, "samples", "starter", name))];
        BankImport.Run(files[0], files[1], null, new BankColumns([]), _target);
        QuestionBank before = QuestionBank.Load(Path.GetDirectoryName(files[1])!), after = QuestionBank.Load(_target);
        Assert.Equal(before.Catalogue.Items, after.Catalogue.Items);
        Assert.Equal(before.Labelled.Select(Essence), after.Labelled.Select(Essence));

        static string Essence(Question question) =>
            $"{question.Id}|{question.Stem}|{question.Key}|{string.Join('|', question.Options)}|{string.Join('|', question.MisconceptionIds)}|{question.ConstructName.Trim()}|{question.SubjectName.Trim()}|{question.SourceId}";
    }

    [Theory]
    [InlineData("c", KeyForm.Auto, 'C')]
    [InlineData("3", KeyForm.Auto, 'C')]
    [InlineData("3", KeyForm.Index, 'C')]
    [InlineData("3", KeyForm.ZeroIndex, 'D')]
    [InlineData("forty", KeyForm.Auto, 'D')]
    [InlineData("  ten ", KeyForm.Text, 'A')]
    public void Keys_are_letters_numbers_or_texts(string key, KeyForm form, char letter)
    {
        Import(null, Header + $"Q,stem,ten,twenty,thirty,forty,{key},,,,\n", key: form);
        Assert.Equal(letter, QuestionBank.Load(_target).Questions[0].Key);
    }

    [Theory]
    [InlineData("4", KeyForm.ZeroIndex, "0, 1, 2 or 3")]
    [InlineData("0", KeyForm.Index, "1, 2, 3 or 4")]
    [InlineData("5", KeyForm.Index, "1, 2, 3 or 4")]
    [InlineData("E", KeyForm.Letter, "A, B, C or D")]
    [InlineData("fifty", KeyForm.Text, "the text of exactly one option")]
    public void A_key_that_names_no_option_is_refused(string key, KeyForm form, string expected)
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Import(null, Header + $"Q,stem,ten,twenty,thirty,forty,{key},,,,\n", key: form));
        Assert.Contains($"line 2, column Right: expected {expected}, found \"{key}\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Q,stem,2,1,4,3,1,,,,\n", "line 2, column Right: expected one correct option, found \"1\", which is option B's text and option A's number. Say which it is: --key text or --key index.")]
    [InlineData("Q,stem,w,x,y,z,5,,,,\n", "column Right: expected a letter A to D")]
    [InlineData("Q,stem,w,x,y,z,A,M-1,,,\n", "column Why 1: expected no misconception")]
    [InlineData("Q,stem,w,x,y,z,A,,M-9,,\n", "column Why 2: expected the id or the name")]
    [InlineData("Q,stem,w,x,y,z,A,,adds denominators,,\n", "expected a name that the catalogue has once")]
    [InlineData("Q,stem,w,x,,z,A,,,,\n", "line 2, column Three: expected a text, found an empty cell")]
    [InlineData("Q,stem,w,x,y,z,A,,,,\nQ,stem,w,x,y,z,A,,,,\n", "line 3, column Ref: expected every id once")]
    [InlineData("", "holds no questions")]
    public void What_is_wrong_is_named_by_file_line_and_column(string records, string expected)
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Import(Header + records));
        Assert.Contains("labelled.csv", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_target)); // so that the mended tables can be imported
    }

    [Theory]
    [InlineData("stem", "FIELD=COLUMN")]
    [InlineData("colour=Red", "The fields are id, stem")]
    [InlineData("stem=", "FIELD=COLUMN")]
    public void A_column_that_is_given_wrongly_is_refused(string column, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(() => new BankColumns([column])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_column_that_is_named_has_to_be_there() => Assert.Contains(
        "line 1: expected the column Skill", Assert.Throws<InvalidInputException>(() => Import(null, Header + "Q,stem,w,x,y,z,A,,,,\n", columns: [.. Columns, "construct=Skill"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Another_separator_is_recognised_and_named_in_errors()
    {
        string Refusal(string questions, char separator) => Assert.Throws<InvalidInputException>(() => Import(null, questions, catalogue: Ideas.Replace(',', separator), separator: separator)).Message;
        Assert.EndsWith("Its cells seem to stand between commas: say so (--separator comma of malrule import).", Refusal(Header, ';'), StringComparison.Ordinal);
        Assert.Contains("line 2: expected cells between semicolons, as many as the header has", Refusal(Header.Replace(',', ';') + "Q;stem;w;x\n", ';'), StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_may_stand_between_semicolons_and_questions_need_no_ids()
    {
        Import(null, "Stem;A;B;C;D;Key\nOne, or two?;1;2;3;4;B\nTwo?;1;2;3;4;C\n", catalogue: "Idea\nFirst\nSecond\n", separator: ';',
            columns: ["catalogue-name=Idea", "stem=Stem", "a=A", "b=B", "c=C", "d=D", "key=Key"]);
        QuestionBank bank = QuestionBank.Load(_target);
        Assert.Equal([1, 2], bank.Questions.Select(question => question.Id));
        Assert.Equal([0, 1], bank.Catalogue.Items.Select(item => item.Id));
        Assert.Contains("is there already", Assert.Throws<InvalidInputException>(() => Import(null, Header)).Message, StringComparison.Ordinal);
    }
}
