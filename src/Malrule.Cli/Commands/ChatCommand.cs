using System.CommandLine;
using Malrule.Cli.Chat;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule chat</c>: a conversation with a language model in the terminal.</summary>
internal static class ChatCommand
{
    private const int LongestConversation = 8192;

    public static Command Create(Messages messages)
    {
        var model = new Option<string>("--model") { Required = true, Description = "Language model: a folder, or org/name in the Hugging Face cache.", HelpName = "DIR" };
        var system = new Option<string?>("--system") { Description = "System prompt [default: the chat template's own, if any]", HelpName = "TEXT" };
        var temperature = new Option<double?>("--temperature") { Description = "How freely it answers, 0 to 2 [default: the model's]", HelpName = "T" };
        var topP = new Option<double?>("--top-p") { Description = "Draw from the most likely tokens up to this probability [default: the model's]", HelpName = "P" };
        var topK = new Option<int?>("--top-k") { Description = "Draw from the k most likely tokens [default: the model's]", HelpName = "K" };
        var minP = new Option<double?>("--min-p") { Description = "Drop tokens less likely than this share of the best [default: the model's]", HelpName = "P" };
        var repetition = new Option<double?>("--repetition-penalty") { Description = "Divides the logits of tokens that came before [default: the model's]", HelpName = "R" };
        var maxTokens = new Option<int?>("--max-tokens") { Description = "Longest reply in tokens [default: what is left of the conversation]", HelpName = "N" };
        var seed = new Option<long>("--seed") { Description = "Seed of all replies: the same questions get the same answers.", DefaultValueFactory = _ => 0, HelpName = "S" };
        var engine = new EngineArguments(LongestConversation);

        var command = new ToolCommand("chat", "Talk to a language model in the terminal; questions piped in are answered one a line.", """
            malrule chat --model Qwen/Qwen2.5-1.5B-Instruct-AWQ
            malrule chat --model DIR --system "Answer in one sentence." --temperature 0 < questions.txt

            The model's defaults are those of its generation_config.json. /help in the chat lists its commands.
            """)
        {
            model, system,
        };
        command.AddGroup("Sampling", [temperature, topP, topK, minP, repetition, maxTokens, seed]);
        command.AddGroup("Engine", engine.All.Where(option => option.Name != "--max-num-seqs"));
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineOptions options = engine.Read(parsed) with { MaxNumSeqs = 1, Seed = parsed.GetValue(seed) };
            await using LlmEngine llm = await LlmEngine.LoadAsync(Bundled.Language(parsed.GetRequiredValue(model)), options, cancellationToken).ConfigureAwait(false);
            if (llm.ChatTemplate is null)
                throw new InvalidInputException($"{llm.Info.ModelDirectory}: the checkpoint has no chat template, so it cannot chat; use run-batch with plain prompts.");
            SamplingParams recommended = llm.GenerationDefaults.ToSamplingParams(parsed.GetValue(maxTokens)), sampling = recommended with
            {
                Temperature = parsed.GetValue(temperature) ?? recommended.Temperature,
                TopP = parsed.GetValue(topP) ?? recommended.TopP,
                TopK = parsed.GetValue(topK) ?? recommended.TopK,
                MinP = parsed.GetValue(minP) ?? recommended.MinP,
                RepetitionPenalty = parsed.GetValue(repetition) ?? recommended.RepetitionPenalty,
            };
            sampling.Validate();
            messages.Line(FormattableString.Invariant(
                $"{llm.Info.ModelName}: {llm.Info.KernelPath}, up to {llm.Info.MaxModelLength} tokens; temperature {sampling.Temperature}, top_p {sampling.TopP}, top_k {sampling.TopK}, min_p {sampling.MinP}, repetition_penalty {sampling.RepetitionPenalty}"));
            bool interactive = !Console.IsInputRedirected && !Console.IsOutputRedirected;
            if (interactive)
                messages.Line("/help lists the commands; Ctrl-C stops a reply, Ctrl-D ends");
            var session = new ChatSession(llm, sampling, parsed.GetValue(system)) { Notify = messages.Line };
            return await new ChatLoop(session, Console.In, parsed.InvocationConfiguration.Output, messages, interactive).RunAsync(cancellationToken).ConfigureAwait(false);
        });
        return command;
    }
}
