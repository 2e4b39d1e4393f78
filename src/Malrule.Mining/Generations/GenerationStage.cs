using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>
/// Asks a language model about the distractors whose answers the journal does not hold yet. Requests are queued by question, so that
/// what the prompts of its distractors share is computed once; each answer goes to the journal as it comes. Of a request that failed midway only
/// the missing samples are asked for.
/// </summary>
internal sealed class GenerationStage(MiningOptions options, QuestionBank bank, Journal<Generation> journal, RunLog log)
{
    /// <summary>Those of <paramref name="distractors"/> whose answers are missing, or failed before.</summary>
    public Distractor[] Pending(IEnumerable<Distractor> distractors) =>
        [.. distractors.Where(distractor => !journal.Lines.TryGetValue(distractor.Id, out Generation? generation) || generation.Error is not null)];

    /// <summary>Generates for the <paramref name="pending"/> of <paramref name="total"/> distractors. What is reported as done is on the disk.</summary>
    public async Task RunAsync(IReadOnlyList<Distractor> pending, int total, IGenerator generator, CancellationToken cancellation)
    {
        MiningPrompt[] prompts = WritePrompts(pending, generator);
        GenerationRequest[] requests = [.. prompts.Select(RequestFor)];
        GenerationEstimate estimate = await GenerationEstimate.MakeAsync(prompts, requests, generator, cancellation).ConfigureAwait(false);
        log.Note(MiningStage.Generating, estimate.ToString());
        if (options.Endpoint?.Cost(estimate.PromptTokens, estimate.GeneratedTokens) is { } cost)
            log.Note(MiningStage.Generating, FormattableString.Invariant($"At the prices given that costs at most {cost:0.00##}."));
        if (estimate.Time is { } time)
            log.Timings["expected_at_most_seconds"] = time.TotalSeconds;

        using var progress = new GenerationProgress(generator, estimate, total - pending.Count, log);
        using var synced = new SyncedJournal<Generation>(journal, progress);
        await foreach (GeneratorOutput output in generator.StreamAsync(requests, cancellation).ConfigureAwait(false))
            synced.Append(Record(prompts[output.Index], output), 1, output.GeneratedTokens ?? 0);
    }

    private MiningPrompt[] WritePrompts(IReadOnlyList<Distractor> distractors, IGenerator generator)
    {
        var selector = new DemonstrationSelector(bank.Labelled, options.Demonstrations, options.Seed);
        var builder = new PromptBuilder(options.Prompt, bank.Catalogue);
        int room = (generator.MaxModelLength ?? int.MaxValue) - (options.Sampling.MaxTokens ?? 1);
        return [.. distractors.Select(distractor => MiningPrompt.Write(
            builder, distractor, selector.Select(distractor), generator.CountTokens, room, options.Prompt.DropDemonstrationsToFit))];
    }

    private GenerationRequest RequestFor(MiningPrompt prompt)
    {
        int kept = Kept(prompt)?.Texts.Count ?? 0;
        return new GenerationRequest(new Prompt.FromConversation(prompt.Messages), options.Sampling with { N = options.Sampling.N - kept, Seed = SeedOf(prompt) + kept });
    }

    /// <summary>The samples that came before a request failed; null where none did.</summary>
    private Generation? Kept(MiningPrompt prompt) =>
        journal.Lines.TryGetValue(prompt.Distractor.Id, out Generation? earlier) && earlier.Texts.Count > 0 && earlier.Texts.Count < options.Sampling.N
        && earlier.FinishReasons?.Count == earlier.Texts.Count ? earlier : null;

    private long SeedOf(MiningPrompt prompt) => options.SeedPerItem ? ItemSeed.Of(options.Seed, prompt.Distractor.Id) : options.Seed;

    private Generation Record(MiningPrompt prompt, GeneratorOutput output)
    {
        Generation line = Line(prompt, output);
        return Kept(prompt) is not { } kept ? line : line with
        {
            Texts = [.. kept.Texts, .. output.Texts],
            FinishReasons = [.. kept.FinishReasons!, .. output.FinishReasons],
            PromptTokens = output.Texts.Count == 0 ? kept.PromptTokens : kept.PromptTokens + output.PromptTokens,
            GeneratedTokens = output.Texts.Count == 0 ? kept.GeneratedTokens : kept.GeneratedTokens + output.GeneratedTokens,
        };
    }

    private Generation Line(MiningPrompt prompt, GeneratorOutput output) => new()
    {
        Id = prompt.Distractor.Id,
        Texts = output.Texts,
        Demonstrations = [.. prompt.Demonstrations.Select(question => question.Id)],
        DemonstrationsDropped = prompt.Dropped,
        Seed = SeedOf(prompt),
        PromptTokens = output.PromptTokens,
        Tokens = output.Tokens,
        GeneratedTokens = output.Tokens is null ? output.GeneratedTokens : null,
        CumulativeLogprobs = output.CumulativeLogprobs,
        FinishReasons = output.FinishReasons,
        Error = output.Error,
    };
}
