using System.Text.Json;
using Malrule.Mining.Generations;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Generations;

public sealed class HypothesisOptionsTests
{
    [Theory]
    [InlineData(" Misconception for incorrect answer: Adds tops\n", "Adds tops", "Misconception for incorrect answer: Adds tops")]
    [InlineData("Thinks 1:2 is a half", "2 is a half", "Thinks 1:2 is a half")]
    [InlineData("Time: thinks 5:30 is 5.3", "30 is 5.3", "Time: thinks 5:30 is 5.3")]
    [InlineData("Ends with:", "", "Ends with:")]
    [InlineData(" ", "", "")]
    public void The_tutorial_takes_what_follows_the_last_colon_and_the_default_all(string text, string tutorial, string expected)
    {
        Assert.Equal(tutorial, HypothesisOptions.Tutorial.Infer(text));
        Assert.Equal(expected, new HypothesisOptions().Infer(text));
    }

    [Fact]
    public void Golden_generations_give_the_golden_inferences()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        int compared = 0;
        foreach (JsonElement item in golden.RootElement.GetProperty("items").EnumerateArray())
        {
            foreach ((JsonElement generated, JsonElement inferred) in item.GetProperty("generations").EnumerateArray().Zip(item.GetProperty("inferred").EnumerateArray()))
            {
                Assert.Equal(inferred.GetString(), HypothesisOptions.Tutorial.Infer(generated.GetString()!));
                compared++;
            }
        }
        Assert.Equal(2270, compared);
    }
}
