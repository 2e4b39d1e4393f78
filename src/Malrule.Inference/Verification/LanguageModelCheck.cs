using System.Diagnostics;
using Malrule.Inference.Diagnostics;

namespace Malrule.Inference.Verification;

/// <summary>
/// What a language model computes: a fixed text and a question in exact and in fast mode, the question alone and in a batch, and how
/// fast it goes. One engine of each mode is loaded, one after the other.
/// </summary>
internal sealed class LanguageModelCheck
{
    private const int MostTextTokens = 512;
    private const long MostDistributionBytes = 256 << 20;
    private const int AnswerTokens = 24;
    private const int ShownCharacters = 80;
    private const int FewestPositions = 32;
    private const int SpeedPromptTokens = 256;
    private const int SpeedOutputTokens = 16;

    /// <summary>Nats a token as a share of what guessing costs: trained models stay near 0.25 on plain English.</summary>
    private const double ReadsBelow = 0.5, GuessesFrom = 0.85;

    /// <summary>Nats that fast mode may be from exact mode: what trained models keep to, and what no sound model exceeds.</summary>
    private const double TrainedDivergence = 0.005, LargestDivergence = 0.1;

    private readonly VerifiedModel _model;
    private readonly Tokenizer? _tokenizer;
    private readonly EngineOptions _options;
    private readonly int[] _text;
    private readonly Prompt _question;
    private readonly int[]? _answered; // the question and its answer, where the model can be asked
    private readonly int _answerTokens;
    private readonly CancellationToken _cancellation;

    /// <summary>What one mode made of text and question; the rates are fast mode's only.</summary>
    private sealed record Sitting(string KernelPath, double[] TextLogprobs, double[] AnswerLogprobs, CompletionOutput Answer, IReadOnlyList<int> EosTokenIds,
        bool SameInBatch = true, double LoadSeconds = 0, double PromptRate = 0, double OutputRate = 0);

    private LanguageModelCheck(VerifiedModel model, Tokenizer? tokenizer, EngineOptions options, CancellationToken cancellationToken)
    {
        (_model, _tokenizer, _cancellation) = (model, tokenizer, cancellationToken);
        int length = Math.Min(model.Decoder!.MaxPositionEmbeddings, MostTextTokens + AnswerTokens);
        _options = options with { Strict = false, MaxModelLength = length, MaxNumSeqs = 8, MaxNumBatchedTokens = Math.Min(options.MaxNumBatchedTokens, MostTextTokens) };
        int most = (int)Math.Min(Math.Min(MostTextTokens, length - 1), Math.Max(16, MostDistributionBytes / sizeof(float) / model.VocabSize));
        int[] text = _tokenizer?.Encode(string.Join('\n', FixedText.Sentences)) ?? RandomIds(most, seed: 1);
        _text = text.Length > most ? text[..most] : text;
        _question = _text[..Math.Min(64, _text.Length)];
        if (_tokenizer is null || ChatTemplate.Load(model.Directory) is not { } template)
            return;
        var variables = new Dictionary<string, object?> { ["enable_thinking"] = false }; // of Qwen3: the answer alone is measured
        int[] question = _tokenizer.Encode(template.Render(FixedText.Conversation, variables: variables), addSpecialTokens: false), answer = _tokenizer.Encode(FixedText.Answer, addSpecialTokens: false);
        if (question.Length + AnswerTokens >= length)
            return;
        (_question, _answered, _answerTokens) = (question, [.. question, .. answer], answer.Length);
    }

    public static async Task RunAsync(VerifiedModel model, EngineOptions options, CheckLog log, CancellationToken cancellationToken)
    {
        string file = Path.Combine(model.Directory, "tokenizer.json");
        var tokenizer = File.Exists(file) && !log.HasFailed("tokenizer") ? Tokenizer.Load(file) : null;
        if (model.Decoder!.MaxPositionEmbeddings < FewestPositions)
        {
            log.Add(new ModelCheck("computing", CheckVerdict.Skipped, $"a model of {model.Decoder.MaxPositionEmbeddings} positions leaves no room for a text"));
            return;
        }
        var check = new LanguageModelCheck(model, tokenizer, options, cancellationToken);
        var divergence = new Divergence(check._text.Length - 1);
        var exact = await log.TryAsync("exact", () => check.SitAsync(ComputeMode.Exact, divergence.Keep)).ConfigureAwait(false);
        if (exact is null)
            return;
        log.Run("self-test", () => check.SelfTest(exact));
        log.Run("perplexity", () => check.Perplexity(exact));
        var fast = await log.TryAsync("fast", () => check.SitAsync(ComputeMode.Fast, divergence.Compare)).ConfigureAwait(false);
        if (fast is null)
            return;
        log.Run("fast", () => Fast(divergence, exact, fast));
        log.Run("batch", () => Batch(fast));
        log.Run("speed", () => new ModelCheck("speed", CheckVerdict.Ok, FormattableString.Invariant(
            $"{fast.KernelPath}: loaded in {fast.LoadSeconds:0.0} s, prompts {fast.PromptRate:0} tokens/s, one answer {fast.OutputRate:0.0} tokens/s"))
        {
            Figures = new Dictionary<string, double> { ["load_seconds"] = fast.LoadSeconds, ["prompt_tokens_per_second"] = fast.PromptRate, ["output_tokens_per_second"] = fast.OutputRate },
        });
    }

    private async Task<Sitting> SitAsync(ComputeMode mode, Action<int, ReadOnlySpan<float>> scored)
    {
        long start = Stopwatch.GetTimestamp();
        await using var engine = await LlmEngine.LoadAsync(_model.Directory, _options with { Mode = mode }, _cancellation).ConfigureAwait(false);
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        engine.PromptScored = scored;
        double[] text = await ScoreAsync(engine, _text).ConfigureAwait(false);
        engine.PromptScored = null;
        double[] answered = _answered is null ? [] : await ScoreAsync(engine, _answered).ConfigureAwait(false);
        var sampling = new SamplingParams { Temperature = 0, MaxTokens = AnswerTokens, Logprobs = 1 };
        var answer = (await GenerateAsync(engine, _question, sampling).ConfigureAwait(false)).Outputs[0];
        var sitting = new Sitting(engine.Info.KernelPath, text, answered[^_answerTokens..], answer, engine.EosTokenIds);
        if (mode == ComputeMode.Exact)
            return sitting;

        Prompt[] batch = [RandomIds(40, 2), _question, RandomIds(90, 3), RandomIds(7, 4)];
        var together = await engine.GenerateAsync(batch, sampling, _cancellation).ConfigureAwait(false);
        var (prompt, output) = await SpeedAsync(engine).ConfigureAwait(false);
        return sitting with { SameInBatch = together[1].Error is null && Same(answer, together[1].Outputs[0]), LoadSeconds = load, PromptRate = prompt, OutputRate = output };
    }

    /// <summary>The logprob of every token but the first.</summary>
    private async Task<double[]> ScoreAsync(LlmEngine engine, int[] tokenIds)
    {
        var output = await GenerateAsync(engine, tokenIds, new SamplingParams { Temperature = 0, MaxTokens = 1, PromptLogprobs = 0 }).ConfigureAwait(false);
        return [.. output.PromptLogprobs!.Skip(1).Select(position => (double)position!.Token.Logprob)];
    }

    private async Task<(double PromptRate, double OutputRate)> SpeedAsync(LlmEngine engine)
    {
        var steps = new List<StepTime>();
        engine.StepTimed = steps.Add;
        int[] prompt = RandomIds(Math.Min(SpeedPromptTokens, engine.Info.MaxModelLength / 2), seed: 5);
        await GenerateAsync(engine, prompt, new SamplingParams { Temperature = 0, MaxTokens = SpeedOutputTokens, IgnoreEos = true, Detokenize = false }).ConfigureAwait(false);
        engine.StepTimed = null;
        var prompts = steps.Where(step => step.PromptTokens > 0).ToList();
        var outputs = steps.Where(step => step.PromptTokens == 0).ToList();
        return (prompts.Sum(step => step.PromptTokens) / prompts.Sum(step => step.Seconds), outputs.Sum(step => step.GeneratedTokens) / outputs.Sum(step => step.Seconds));
    }

    private async Task<RequestOutput> GenerateAsync(LlmEngine engine, Prompt prompt, SamplingParams sampling)
    {
        var output = (await engine.GenerateAsync([prompt], sampling, _cancellation).ConfigureAwait(false))[0];
        return output.Error is { } error ? throw error : output;
    }

    private ModelCheck SelfTest(Sitting exact)
    {
        if (_answered is null)
            return new ModelCheck("self-test", CheckVerdict.Skipped, _tokenizer is null ? "without a tokenizer that fits there is no text to ask and to read" : "no chat template, or one that leaves no room for a question");
        string answer = exact.Answer.Text.ReplaceLineEndings(" ").Trim();
        var doubts = new List<string>();
        if (answer.Length == 0)
            doubts.Add("the answer is empty");
        if (exact.EosTokenIds.Count == 0)
            doubts.Add("no file names an end-of-sequence token, so answers end at max_tokens only");
        if (exact.EosTokenIds.Any(id => id >= _model.VocabSize))
            doubts.Add($"the end-of-sequence token {exact.EosTokenIds.First(id => id >= _model.VocabSize)} is not in the model's vocabulary");
        return new ModelCheck("self-test", doubts.Count == 0 ? CheckVerdict.Ok : CheckVerdict.Warning,
            $"asked why 71.3459 becomes 71.3, it answers \"{(answer.Length > ShownCharacters ? answer[..ShownCharacters] + "…" : answer)}\"{(answer.StartsWith(FixedText.Answer, StringComparison.OrdinalIgnoreCase) ? ", as it should" : $" (expected: \"{FixedText.Answer}\")")}")
        { Details = doubts };
    }

    private ModelCheck Perplexity(Sitting exact)
    {
        if (_tokenizer is null)
            return new ModelCheck("perplexity", CheckVerdict.Skipped, "without a tokenizer that fits there is no text to read");
        double text = -exact.TextLogprobs.Average(), guess = Math.Log(_model.VocabSize), share = text / guess;
        string found = FormattableString.Invariant($"{Math.Exp(text):0.0} on {_text.Length} tokens of plain English");
        var figures = new Dictionary<string, double> { ["text"] = Math.Exp(text) };
        var notes = new List<string>();
        if (exact.AnswerLogprobs.Length > 0)
        {
            double answer = -exact.AnswerLogprobs.Average();
            found += FormattableString.Invariant($", {Math.Exp(answer):0.0} on the expected answer");
            figures["answer"] = Math.Exp(answer);
            if (share >= ReadsBelow && answer / guess < ReadsBelow)
                notes.Add("high on plain English only: the model was made for a narrow task, as the bundled one is, or config.json is not quite its own");
            share = Math.Min(share, answer / guess);
        }
        var verdict = share < ReadsBelow ? CheckVerdict.Ok : share < GuessesFrom ? CheckVerdict.Warning : CheckVerdict.Failed;
        if (verdict == CheckVerdict.Warning)
            notes.Add("high: weights, tokenizer and config.json may not belong together, or the model was not made for English");
        else if (verdict == CheckVerdict.Failed)
            notes.Add(FormattableString.Invariant($"no better than guessing among {_model.VocabSize} tokens: random or damaged weights, or files that do not belong together"));
        return new ModelCheck("perplexity", verdict, found + " (exact mode)") { Details = notes, Figures = figures };
    }

    private static ModelCheck Fast(Divergence divergence, Sitting exact, Sitting fast)
    {
        var verdict = divergence.Mean <= TrainedDivergence ? CheckVerdict.Ok : divergence.Mean <= LargestDivergence ? CheckVerdict.Warning : CheckVerdict.Failed;
        double before = Math.Exp(-exact.TextLogprobs.Average()), after = Math.Exp(-fast.TextLogprobs.Average());
        return new ModelCheck("fast", verdict, FormattableString.Invariant(
            $"{divergence.Mean:0.00000} nats from exact mode on average, {divergence.Max:0.000} at most; the same likeliest token at {divergence.SameTop:0.0%}; perplexity {after:0.0}, exact {before:0.0}"))
        {
            Details = verdict switch
            {
                CheckVerdict.Warning => [FormattableString.Invariant($"more than the {TrainedDivergence} nats that trained models keep to: compare results with --mode exact")],
                CheckVerdict.Failed => [FormattableString.Invariant($"more than {LargestDivergence} nats: use --mode exact with this model")],
                _ => [],
            },
            Figures = new Dictionary<string, double>
            {
                ["mean_kl"] = divergence.Mean,
                ["max_kl"] = divergence.Max,
                ["same_top"] = divergence.SameTop,
                ["perplexity"] = after,
            },
        };
    }

    private static ModelCheck Batch(Sitting fast) => fast.SameInBatch
        ? new ModelCheck("batch", CheckVerdict.Ok, "the question gives the same bits alone and among other requests")
        : new ModelCheck("batch", CheckVerdict.Failed, "the question gives other tokens or logprobs among other requests than alone: a fault of this program, please report it with what `malrule doctor` prints");

    private static bool Same(CompletionOutput a, CompletionOutput b) => a.TokenIds.SequenceEqual(b.TokenIds) &&
        a.Logprobs!.Select(position => BitConverter.SingleToInt32Bits(position.Token.Logprob)).SequenceEqual(b.Logprobs!.Select(position => BitConverter.SingleToInt32Bits(position.Token.Logprob)));

    private int[] RandomIds(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(_model.VocabSize))];
    }
}
