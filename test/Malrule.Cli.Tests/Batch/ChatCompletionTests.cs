using System.Text.Json;
using Malrule.Cli.Batch;
using Malrule.Inference;

namespace Malrule.Cli.Tests.Batch;

public sealed class ChatCompletionTests
{
    private static GenerationRequest Read(string body) =>
        JsonSerializer.Deserialize(body, OpenAiJson.Default.ChatCompletionRequest)!.ToGenerationRequest(new GenerationDefaults());

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}], "max_tokens": 9, "max_completion_tokens": 4}""", 4)]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}], "max_tokens": 9}""", 9)]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}]}""", null)]
    public void The_newer_name_of_max_tokens_counts_first(string body, int? expected) => Assert.Equal(expected, Read(body).Sampling.MaxTokens);

    [Fact]
    public void Parts_of_a_text_stand_on_lines_of_their_own()
    {
        var prompt = (Prompt.FromConversation)Read(
            """{"messages": [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]}""").Prompt;
        Assert.Equal(new ChatMessage("user", "one\ntwo"), Assert.Single(prompt.Messages));
    }
}
