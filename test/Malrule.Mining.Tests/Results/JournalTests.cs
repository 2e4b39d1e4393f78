using System.Text;
using CsCheck;
using Malrule.Inference;
using Malrule.Mining.Generations;
using Malrule.Mining.Results;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Results;

public sealed class JournalTests
{
    private static readonly Generation[] Three =
    [
        new() { Id = "1_B", Texts = ["Adds\ntops", "\"é\" \\( \\frac{1}{2} \\) <&>", ""], Demonstrations = [4, 5], Seed = 7, PromptTokens = 12, Tokens = [3, 4, 1], CumulativeLogprobs = [-1.5, -0.1, -3e-7], FinishReasons = ["stop", "length", "stop"] },
        new() { Id = "1_C", Texts = ["x"], DemonstrationsDropped = 2 },
        new() { Id = "2_A", Texts = [], Error = "The prompt is too long." },
    ];

    private static string NewPath() => Path.Combine(TestPaths.TemporaryFolder(), "generations.jsonl");

    private static string Written(params Generation[] generations)
    {
        string path = NewPath();
        using Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format);
        foreach (Generation generation in generations)
            journal.Append(generation);
        journal.Sync();
        return path;
    }

    [Fact]
    public void What_was_appended_is_read_again()
    {
        string path = Written(Three);
        Assert.Equivalent(Three, GenerationFile.Read(path).Values, strict: true);
        using Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format);
        Assert.Equal(["1_B", "1_C", "2_A"], journal.Lines.Keys);
    }

    [Fact]
    public void A_line_is_plain_json_without_empty_fields() =>
        Assert.Equal("{\"id\":\"1_C\",\"texts\":[\"x\"],\"demonstrations_dropped\":2}\n", File.ReadAllText(Written(Three[1])));

    [Fact]
    public void A_line_is_in_the_file_before_it_is_synced()
    {
        string path = NewPath();
        using Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format);
        journal.Append(Three[1]);
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.EndsWith("}\n", reader.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_cut_anywhere_keeps_every_whole_line_and_goes_on()
    {
        byte[] whole = File.ReadAllBytes(Written(Three));
        Gen.Int[0, whole.Length].Sample(length =>
        {
            string path = NewPath();
            File.WriteAllBytes(path, whole[..length]);
            int lines = whole.AsSpan(0, length).Count((byte)'\n');
            using (Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format))
            {
                Assert.Equal(Three.Take(lines).Select(generation => generation.Id), journal.Lines.Keys);
                foreach (Generation generation in Three.Skip(lines))
                    journal.Append(generation);
            }
            Assert.Equal(whole, File.ReadAllBytes(path));
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void A_torn_line_may_hold_anything()
    {
        string path = Written(Three[1]);
        File.AppendAllText(path, "\0\0\0{\"id\":");
        using Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format);
        Assert.Single(journal.Lines);
    }

    [Fact]
    public void Finish_puts_the_lines_in_the_order_of_the_input()
    {
        string path = NewPath();
        using (Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format))
        {
            foreach (Generation generation in Three.Reverse())
                journal.Append(generation);
            journal.Finish(Three.Select(generation => generation.Id));
        }
        Assert.Equal(File.ReadAllText(Written(Three)), File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void A_failed_generation_may_be_replaced_and_no_other()
    {
        string path = Written(Three[2], new Generation { Id = "2_A", Texts = ["y"] });
        Assert.Equal(["y"], Assert.Single(GenerationFile.Read(path)).Value.Texts);
        using Journal<Generation> journal = Journal<Generation>.Open(path, GenerationFile.Format);
        Assert.Throws<InvalidOperationException>(() => journal.Append(Three[2]));

        File.AppendAllText(path, "{\"id\":\"2_A\",\"texts\":[]}\n");
        Assert.Contains("line 3: expected every id once, found 2_A again", Assert.Throws<InvalidInputException>(() => GenerationFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"id\":\"1_A\"}", "missing")]
    [InlineData("{\"texts\":[]}", "missing")]
    [InlineData("{\"id\":null,\"texts\":[]}", "null")]
    [InlineData("{\"id\":\"1_A\",\"texts\":[null]}", "null")]
    [InlineData("{\"id\":\"1_A\",\"texts\":\"x\"}", "texts")]
    [InlineData("null", "null")]
    [InlineData("", "JSON")]
    [InlineData("[[[[[[[[[[[[]]]]]]]]]]]]", "JSON")]
    public void A_wrong_line_in_the_middle_is_named(string line, string expected)
    {
        string path = Written(Three[1]);
        File.AppendAllText(path, line + "\n{\"id\":\"9_A\",\"texts\":[]}\n");
        var error = Assert.Throws<InvalidInputException>(() => Journal<Generation>.Open(path, GenerationFile.Format));
        Assert.Contains("generations.jsonl, line 2: expected a JSON object", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        string path = NewPath();
        using (FileStream stream = File.Create(path))
            stream.SetLength(64 << 20);
        Assert.Contains("at most 16 MiB", Assert.Throws<InvalidInputException>(() => GenerationFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_from_elsewhere_need_no_last_line_feed_and_may_have_a_byte_order_mark()
    {
        string path = NewPath();
        File.WriteAllText(path, "{\"id\":\"1_A\",\"texts\":[\"a\"],\"model\":\"other\"}\n{\"id\":\"1_B\",\"texts\":[\"b\"]}", new UTF8Encoding(true));
        Assert.Equal(["1_A", "1_B"], GenerationFile.Read(path).Keys);
    }
}
