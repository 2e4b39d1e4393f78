using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

public sealed class SampleBankCommandTests
{
    [Fact]
    public async Task A_bank_of_a_seed_can_be_mined_and_is_the_same_every_time()
    {
        string first = TestPaths.TemporaryFolder(), second = TestPaths.TemporaryFolder();
        Assert.Equal(0, (await Tool.RunAsync("sample-bank", "--seed", "7", "--questions", "60", "--output", first)).ExitCode);
        Assert.Equal(0, (await Tool.RunAsync("sample-bank", "--seed", "7", "--questions", "60", "--output", second)).ExitCode);
        foreach (string file in Directory.GetFiles(first))
            Assert.Equal(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(Path.Combine(second, Path.GetFileName(file)), TestContext.Current.CancellationToken));
        Assert.NotEmpty(QuestionBank.Load(first, null).Labelled);
    }

    [Fact]
    public Task Too_small_a_bank_is_refused() => Tool.RefusesAsync(["sample-bank", "--questions", "5", "--output", TestPaths.TemporaryFolder()], "60 to 3000 questions");
}
