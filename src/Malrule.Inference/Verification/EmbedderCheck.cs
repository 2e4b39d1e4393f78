using System.Diagnostics;

namespace Malrule.Inference.Verification;

/// <summary>What an embedder computes: a fixed text's sentences in exact and in fast mode, their lengths, and whether paraphrases are near each other.</summary>
internal static class EmbedderCheck
{
    private const double LikeExact = 0.999, LeastLikeExact = 0.99;
    private const double LengthTolerance = 1e-3;
    private const int SpeedTexts = 100;

    private sealed record Sitting(string KernelPath, EmbeddingBatch Sentences, EmbeddingBatch Meanings, double LoadSeconds, double TokensPerSecond);

    public static async Task RunAsync(VerifiedModel model, EngineOptions options, CheckLog log, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(model.Directory, "tokenizer.json")) || log.HasFailed("tokenizer"))
        {
            log.Add(new ModelCheck("embeddings", CheckVerdict.Skipped, "without a tokenizer that fits there is no text to embed"));
            return;
        }
        var exact = await log.TryAsync("exact", () => SitAsync(model, options, ComputeMode.Exact, cancellationToken)).ConfigureAwait(false);
        if (exact is null)
            return;
        log.Run("embeddings", () => Lengths(model, exact));
        log.Run("meaning", () => Meaning(exact));
        var fast = await log.TryAsync("fast", () => SitAsync(model, options, ComputeMode.Fast, cancellationToken)).ConfigureAwait(false);
        if (fast is null)
            return;
        log.Run("fast", () => Fast(exact, fast));
        log.Run("speed", () => new ModelCheck("speed", CheckVerdict.Ok, FormattableString.Invariant($"{fast.KernelPath}: loaded in {fast.LoadSeconds:0.0} s, {fast.TokensPerSecond:0} tokens/s"))
        {
            Figures = new Dictionary<string, double> { ["load_seconds"] = fast.LoadSeconds, ["tokens_per_second"] = fast.TokensPerSecond },
        });
    }

    private static async Task<Sitting> SitAsync(VerifiedModel model, EngineOptions options, ComputeMode mode, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var embedderOptions = new EmbedderOptions { Device = options.Device, Mode = mode, Threads = options.Threads, KernelPath = options.KernelPath };
        await using var embedder = await TextEmbedder.LoadAsync(model.Directory, embedderOptions, cancellationToken).ConfigureAwait(false);
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var sentences = await embedder.EmbedAsync(FixedText.Sentences, cancellationToken).ConfigureAwait(false);
        var meanings = await embedder.EmbedAsync([.. FixedText.Meanings.SelectMany(three => (string[])[three.Text, three.Paraphrase, three.Other])], cancellationToken).ConfigureAwait(false);
        if (mode == ComputeMode.Exact)
            return new Sitting(embedder.Info.KernelPath, sentences, meanings, load, 0);
        start = Stopwatch.GetTimestamp();
        var many = await embedder.EmbedAsync([.. Enumerable.Range(0, SpeedTexts).Select(i => FixedText.Sentences[i % FixedText.Sentences.Count])], cancellationToken).ConfigureAwait(false);
        return new Sitting(embedder.Info.KernelPath, sentences, meanings, load, many.Tokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static ModelCheck Lengths(VerifiedModel model, Sitting exact)
    {
        var vectors = exact.Sentences.Vectors;
        double[] lengths = [.. Enumerable.Range(0, vectors.Count).Select(i => Math.Sqrt(Dot(vectors[i], vectors[i])))];
        string found = FormattableString.Invariant($"{vectors.Dimensions} dimensions, {(model.Pooling!.Normalize ? "of length 1" : FormattableString.Invariant($"of lengths {lengths.Min():0.00} to {lengths.Max():0.00}"))}");
        bool whole = lengths.All(length => double.IsFinite(length) && length > 0 && (!model.Pooling.Normalize || Math.Abs(length - 1) <= LengthTolerance));
        return whole ? new ModelCheck("embeddings", CheckVerdict.Ok, found)
            : new ModelCheck("embeddings", CheckVerdict.Failed, FormattableString.Invariant($"{vectors.Dimensions} dimensions, but of lengths {lengths.Min():0.000} to {lengths.Max():0.000}"));
    }

    private static ModelCheck Meaning(Sitting exact)
    {
        var vectors = exact.Meanings.Vectors;
        var near = new List<double>();
        var far = new List<double>();
        for (int i = 0; i < vectors.Count; i += 3)
        {
            near.Add(Cosine(vectors[i], vectors[i + 1]));
            far.Add(Cosine(vectors[i], vectors[i + 2]));
        }
        int right = near.Zip(far, (paraphrase, other) => paraphrase > other).Count(nearer => nearer);
        bool most = right > near.Count / 2;
        return new ModelCheck("meaning", most ? CheckVerdict.Ok : CheckVerdict.Warning, FormattableString.Invariant(
            $"{right} of {near.Count} paraphrases are nearer than a sentence with the same words: cosine {near.Average():0.00} against {far.Average():0.00}"))
        {
            Details = most ? [] : ["an embedder that was trained for English places most of them nearer: random or damaged weights, or another pooling than it was trained with"],
            Figures = new Dictionary<string, double> { ["cosine_of_paraphrases"] = near.Average(), ["cosine_of_others"] = far.Average() },
        };
    }

    private static ModelCheck Fast(Sitting exact, Sitting fast)
    {
        double[] cosines = [.. Enumerable.Range(0, exact.Sentences.Vectors.Count).Select(i => Cosine(exact.Sentences.Vectors[i], fast.Sentences.Vectors[i]))];
        double least = cosines.Min();
        var verdict = least >= LikeExact ? CheckVerdict.Ok : least >= LeastLikeExact ? CheckVerdict.Warning : CheckVerdict.Failed;
        return new ModelCheck("fast", verdict, FormattableString.Invariant($"cosine to exact mode {cosines.Average():0.00000} on average, {least:0.00000} at least, over {cosines.Length} sentences"))
        {
            Details = verdict == CheckVerdict.Ok ? [] : [FormattableString.Invariant($"less than the {LikeExact} that trained embedders keep to: use --mode exact with this model")],
            Figures = new Dictionary<string, double> { ["mean_cosine"] = cosines.Average(), ["min_cosine"] = least },
        };
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
