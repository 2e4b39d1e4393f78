using Malrule.Inference;
using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Tests.Questions;
using Malrule.Mining.Tests.Scripts;

namespace Malrule.Mining.Tests.Generations;

public sealed class GenerationEstimateTests
{
    private static readonly SamplingParams Sampling = new() { N = 10, MaxTokens = 64, Temperature = 0.7, Stop = ["\n"] };

    private static MiningPrompt Prompt(string shared, string last, int tokens) =>
        new(Banks.Question(1, "", "", "").Distractors.First(), [], [new ChatMessage("user", shared), new ChatMessage("user", last)], tokens, 0);

    private static Task<GenerationEstimate> EstimateAsync(MiningPrompt[] prompts, ScriptedGenerator generator) => GenerationEstimate.MakeAsync(
        prompts, [.. prompts.Select(prompt => new GenerationRequest(new Prompt.FromConversation(prompt.Messages), Sampling))], generator, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Tokens_are_counted_and_what_prompts_share_is_guessed_by_characters()
    {
        MiningPrompt[] prompts = [Prompt(new string('x', 89), "0123456789", 50), Prompt(new string('x', 89), "0123456abc", 50), Prompt("other", "text", 7)];
        GenerationEstimate estimate = await EstimateAsync(prompts, new ScriptedGenerator());
        Assert.Equal(new GenerationEstimate(3, 107, 48, 1920), estimate); // 97 of 100 characters of the second
        Assert.Equal("Expecting 3 requests of 107 prompt tokens, about 45 % of them shared, and at most 1,920 generated tokens.", estimate.ToString());
    }

    [Fact]
    public async Task Time_follows_from_one_prompt_tried_alone()
    {
        MiningPrompt[] prompts = [.. Enumerable.Range(0, 12).Select(i => Prompt($"{i}", "text", 100))];
        GenerationEstimate estimate = (await EstimateAsync(prompts, new ScriptedGenerator())) with { SharedTokens = 200 };
        Assert.Equal((1200 - 200) * 0.001 + 12 * 640 * 0.002, estimate.Time!.Value.TotalSeconds, 6);
        Assert.Contains(", at most 1 h 2 min at the speed of a first try.", (estimate with { Costs = (0.1, 0.5), PromptTokens = 1250, SharedTokens = 250, GeneratedTokens = 7300 }).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_that_fails_gives_no_time()
    {
        MiningPrompt[] prompts = [.. Enumerable.Range(0, 12).Select(i => Prompt($"{i} ", "text", 100))];
        Assert.Null((await EstimateAsync(prompts, new ScriptedGenerator { Failure = _ => "No." })).Time);
    }

    [Fact]
    public async Task Tokens_guessed_by_characters_are_said_to_be_so_and_set_right_by_the_first_answer()
    {
        MiningPrompt[] prompts = [.. Enumerable.Range(0, 12).Select(i => Prompt($"{i} ", "text", 100))];
        GenerationEstimate estimate = await EstimateAsync(prompts, new ScriptedGenerator { CountsTokens = false });
        Assert.Equal(2400, estimate.PromptTokens);
        Assert.StartsWith("Expecting 12 requests of about (guessed by characters, set right by the first answer) 2,400 prompt tokens,", estimate.ToString(), StringComparison.Ordinal);
        Assert.Contains("(guessed by characters) 300 prompt", (await EstimateAsync(prompts[..3], new ScriptedGenerator { CountsTokens = false })).ToString(), StringComparison.Ordinal);
    }
}
