using System.Diagnostics;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference;

/// <summary>
/// Times the embedding of a catalogue: random texts of equal length, after a warm-up on others. The machine's peaks are measured in the same
/// process, after the runs, so that their memory does not count.
/// </summary>
public static class EmbedderBenchmark
{
    private const int WarmUpTexts = 128;

    /// <exception cref="MalruleException">A text got another vector when it was embedded alone.</exception>
    public static async Task<EmbedderBenchmarkResult> RunAsync(
        string modelDirectoryOrHubId, EmbedderBenchmarkOptions options, Action<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        long start = Stopwatch.GetTimestamp();
        await using var embedder = await TextEmbedder.LoadAsync(modelDirectoryOrHubId, options.Embedder, cancellationToken).ConfigureAwait(false);
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        progress?.Invoke(FormattableString.Invariant($"{embedder.Info.KernelPath}, loaded in {load:0.00} s"));

        await embedder.EmbedAsync(Texts(embedder, Math.Min(WarmUpTexts, options.Texts), options.Tokens), cancellationToken).ConfigureAwait(false);
        var seconds = new List<double>();
        for (int run = 1; run <= options.Runs; run++)
        {
            int[][] texts = Texts(embedder, options.Texts, options.Tokens);
            start = Stopwatch.GetTimestamp();
            EmbeddingBatch batch = await embedder.EmbedAsync(texts, cancellationToken).ConfigureAwait(false);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            progress?.Invoke(FormattableString.Invariant($"run {run} of {options.Runs}: {seconds[^1]:0.000} s"));
            EmbeddingBatch alone = await embedder.EmbedAsync([texts[^1]], cancellationToken).ConfigureAwait(false);
            if (!alone.Vectors[0].SequenceEqual(batch.Vectors[texts.Length - 1]))
                throw new MalruleException("A text's vector is not the same alone as among others; the embedder is not deterministic here.");
        }
        using var process = Process.GetCurrentProcess();
        long memory = process.PeakWorkingSet64;
        progress?.Invoke("measuring the machine's peaks");
        int threads = options.Embedder.Threads > 0 ? options.Embedder.Threads : Environment.ProcessorCount;
        MachinePeaks peaks = await Task.Run(() => MachinePeaks.Measure(threads), cancellationToken).ConfigureAwait(false);

        seconds.Sort();
        double median = seconds[seconds.Count / 2], tokens = (double)options.Texts * options.Tokens;
        return new EmbedderBenchmarkResult
        {
            Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(embedder.Info.ModelDirectory)),
            Texts = options.Texts,
            Tokens = options.Tokens,
            KernelPath = embedder.Info.KernelPath,
            Threads = threads,
            LoadSeconds = load,
            TotalSeconds = median,
            AllTotalSeconds = seconds,
            TextsPerSecond = options.Texts / median,
            TokensPerSecond = tokens / median,
            ShareOfPeak = 2 * tokens / median * embedder.BodyWeights / 1e9 / (options.Embedder.Mode == ComputeMode.Fast ? peaks.Int8Gops : peaks.Fp32Gflops),
            PeakInt8Gops = peaks.Int8Gops,
            PeakFp32Gflops = peaks.Fp32Gflops,
            PeakReadGbps = peaks.ReadGbps,
            PeaksPlausible = peaks.ArePlausible,
            PeakMemoryBytes = memory,
        };
    }

    private static int[][] Texts(TextEmbedder embedder, int texts, int tokens) =>
        [.. Enumerable.Range(0, texts).Select(_ => (int[])[.. Enumerable.Range(0, tokens).Select(_ => Random.Shared.Next(embedder.VocabSize))])];
}
