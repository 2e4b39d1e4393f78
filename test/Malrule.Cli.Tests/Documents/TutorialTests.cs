using System.Diagnostics;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Documents;

public sealed class TutorialTests(TinyModels models)
{
    [Fact]
    public async Task The_tutorial_in_csharp_runs_as_a_file()
    {
        string folder = TestPaths.TemporaryFolder();
        using Process process = SampleFile.Start(
            "tutorial.cs", ["--data", Path.Combine(TestPaths.Repository, "samples", "starter"), "--model", models.Chat, "--embedder", models.Embedder, "--rows", "2"], folder);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, await output + await error);
        Assert.Contains("MAP@25", await output, StringComparison.Ordinal);
        string[] submission = await File.ReadAllLinesAsync(Path.Combine(folder, "submission.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("QuestionId_Answer,MisconceptionId", submission[0]);
        Assert.InRange(submission.Length, 3, 7);
        Assert.True(File.Exists(Path.Combine(folder, "submission_debug.csv")));
    }
}
