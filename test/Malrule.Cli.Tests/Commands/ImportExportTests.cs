using System.Text.Json.Nodes;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>From a table of one's own to JSON Lines.</summary>
public sealed class ImportExportTests : IDisposable
{
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name, string? text = null)
    {
        string path = Path.Combine(_folder, name);
        if (text is not null)
            File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public async Task Import_mine_export_gives_every_wrong_option_with_the_ids_of_its_source()
    {
        string ideas = At("ideas.csv", "Code,Idea\nM-add,Adds the denominators of fractions\nM-sign,Ignores the sign of a number\n");
        string items = At("items.csv", "Ref,Text,O1,O2,O3,O4,Key\nfr-1,Which fraction is 1/2 + 1/3? Mind the denominators.,5/6,2/5,1/6,1/5,1\n");
        Tool import = await Tool.RunAsync("import", "--catalogue", ideas, "--questions", items, "--column", "catalogue-id=Code", "--column", "catalogue-name=Idea", "--column", "id=Ref",
            "--column", "stem=Text", "--column", "a=O1", "--column", "b=O2", "--column", "c=O3", "--column", "d=O4", "--column", "key=Key", "--key", "index", "--output", At("data"));
        Assert.True(import.ExitCode == 0, import.Error);
        Assert.Equal("2 misconceptions, 0 labelled questions, 1 questions to mine", import.Error.Trim());

        Tool mine = await Tool.RunAsync("mine", "--data", At("data"), "--method", "lexical", "--output", At("run"));
        Assert.True(mine.ExitCode == 0, mine.Error);
        Assert.Contains("\nfr-1_B ", mine.Output, StringComparison.Ordinal);
        Assert.Contains("1_C (fr-1_C)", (await Tool.RunAsync("explain", At("run"), "fr-1_C")).Output, StringComparison.Ordinal);
        Assert.Contains("1_B (fr-1_B)", (await Tool.RunAsync("explain", At("run"), "fr-1")).Output, StringComparison.Ordinal);
        Tool export = await Tool.RunAsync("export", At("run"), "--data", At("data"), "--top", "1");
        Assert.True(export.ExitCode == 0, export.Error);
        JsonNode[] lines = [.. export.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["1_B", "1_C", "1_D"], lines.Select(line => line["id"]!.GetValue<string>()));
        Assert.StartsWith(
            """{"id":"1_B","question_id":1,"source_id":"fr-1","letter":"B","construct":"","subject":"","stem":"Which fraction is 1/2 + 1/3? Mind the denominators.","key_letter":"A","key":"5/6","distractor":"2/5","candidates":[{"id":0,"source_id":"M-add","name":"Adds the denominators of fractions","score":""",
            export.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_are_exported_with_where_they_stand()
    {
        string starter = Path.Combine(TestPaths.Repository, "samples", "starter");
        await Tool.RunAsync("mine", "--data", starter, "--questions", Path.Combine(starter, "train.csv"), "--method", "lexical", "--output", At("run"));
        Tool export = await Tool.RunAsync("export", At("run"), "--data", starter);
        JsonNode[] lines = [.. export.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(121, lines.Length);
        JsonNode first = lines.First(line => line["label_rank"]!.GetValue<int>() is >= 1 and <= 25);
        Assert.Equal(first["label"]!["id"]!.GetValue<int>(), first["candidates"]![first["label_rank"]!.GetValue<int>() - 1]!["id"]!.GetValue<int>());
        Assert.All(lines, line => Assert.InRange(line["candidates"]!.AsArray().Count, 0, 25));
    }

    [Fact]
    public Task A_field_that_there_is_not_is_refused() =>
        Tool.RefusesAsync(["import", "--catalogue", At("none.csv"), "--questions", At("none.csv"), "--column", "colour=Red", "--output", At("data")], "colour=Red", "The fields are");
}
