using System.Text.Json;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Constraints;
using Malrule.Inference.Models;
using Malrule.Inference.Scheduling;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Malrule.Inference.Execution;

/// <summary>Everything an engine holds of one checkpoint: weights, tokenizer, template, KV pages and the step loop over them.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    public required EngineInfo Info { get; init; }
    public required EngineCore Core { get; init; }
    public required ILogger Log { get; init; }
    public required ModelRunner Runner { get; init; }
    public required GenerationDefaults GenerationDefaults { get; init; }

    /// <summary>The tokenizer's own end of sequence first, then the further ids of generation_config.json and config.json.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }
    public required long BodyWeights { get; init; }
    public required long StepWeightBytes { get; init; }
    public Tokenizer? Tokenizer { get; init; }
    public ChatTemplate? ChatTemplate { get; init; }

    public static LoadedModel Load(string directory, EngineOptions options)
    {
        CheckOptions(options);
        long budget = MemoryLedger.BudgetFrom(options.Memory);
        var json = ConfigFile.Read(Path.Combine(directory, "config.json"));
        var config = DecoderConfig.Read(directory, json);
        if (options.MaxModelLength > config.MaxPositionEmbeddings)
            throw new InvalidInputException($"max_model_len is {options.MaxModelLength}; the checkpoint was made for at most {config.MaxPositionEmbeddings} tokens.");
        string tokenizerFile = Path.Combine(directory, "tokenizer.json");
        var tokenizer = File.Exists(tokenizerFile) ? Tokenizer.Load(tokenizerFile) : null;
        var defaults = GenerationDefaults.Read(directory);

        var owned = new Stack<IDisposable>();
        try
        {
            T Own<T>(T item) where T : IDisposable
            {
                owned.Push(item);
                return item;
            }
            var checkpoint = Own(Checkpoint.Open(directory));
            var backend = Own(Backends.Create(options));
            int rows = options.MaxNumBatchedTokens, length = options.MaxModelLength ?? Math.Min(config.MaxPositionEmbeddings, options.ModelLengthCap ?? int.MaxValue);
            var model = Own(new DecoderModel(checkpoint, config, backend, rows, rows, length));
            bool half = options.KvType == KvType.Float16 || options.KvType == KvType.Auto && options.Mode == ComputeMode.Fast;
            var shape = new KvShape(config.NumHiddenLayers, config.NumKeyValueHeads, config.HeadDim, half);
            long workspace = DecoderModel.WorkspaceBytes(config, backend, rows, rows, length) + ModelRunner.WorkspaceBytes(config.HiddenSize, config.VocabSize)
                + (tokenizer is null ? 0 : ConstraintCompiler.WorkspaceBytes(config.VocabSize));
            var ledger = PlanPages(budget, model.WeightBytes, workspace, shape, options, ref length);

            var cache = Own(backend.AllocateKv(shape, ledger.Pages));
            var runner = new ModelRunner(backend, model, cache, config.HiddenSize, config.VocabSize);
            var pages = new BlockManager(ledger.Pages);
            var scheduler = new Scheduler(pages, rows, options.MaxNumSeqs, options.EnablePrefixCaching);
            var log = options.LoggerFactory?.CreateLogger<LlmEngine>() ?? NullLogger<LlmEngine>.Instance;
            var loaded = new LoadedModel
            {
                Core = Own(new EngineCore(scheduler, pages, runner, log)),
                Log = log,
                Runner = runner,
                GenerationDefaults = defaults,
                BodyWeights = model.BodyWeights,
                StepWeightBytes = model.LinearBytes,
                Tokenizer = tokenizer,
                ChatTemplate = tokenizer is null ? null : ChatTemplate.Load(directory),
                EosTokenIds = [.. TokenizerEos(directory, tokenizer).Concat(defaults.EosTokenIds).Concat(json.Ints("eos_token_id")).Distinct()],
                Info = new EngineInfo
                {
                    ModelDirectory = directory,
                    KernelPath = backend.KernelPath,
                    Mode = options.Mode,
                    MaxModelLength = length,
                    MaxNumSeqs = options.MaxNumSeqs,
                    VocabSize = config.VocabSize,
                    Memory = ledger,
                    UnusedTensors = checkpoint.Unused,
                },
            };
            foreach (var item in owned.Reverse())
                loaded._owned.Push(item);
            return loaded;
        }
        catch
        {
            while (owned.TryPop(out var item))
                item.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (_owned.TryPop(out var item))
            item.Dispose();
    }

    private static void CheckOptions(EngineOptions options)
    {
        static void Require(bool condition, string option, object? found, string expected)
        {
            if (!condition)
                throw new InvalidInputException($"{option} must be {expected}; it is {found}.");
        }
        Require(options.MaxModelLength is null or >= 2, "max_model_len", options.MaxModelLength, "at least 2 (a prompt token and an output token)");
        Require(options.ModelLengthCap is null or >= 2, "the cap on max_model_len", options.ModelLengthCap, "at least 2");
        Require(options.MaxNumSeqs >= 1, "max_num_seqs", options.MaxNumSeqs, "at least 1");
        Require(options.MaxNumBatchedTokens is >= 1 and <= 65_536, "max_num_batched_tokens", options.MaxNumBatchedTokens, "from 1 to 65536");
        Require(options.Threads is >= 0 and <= 1024, "threads", options.Threads, "from 1 to 1024, or 0 for one a core");
    }

    /// <summary>
    /// As many pages as the budget leaves, at most what all branches at full length would need. Where the longest sequence does not
    /// fit it is shortened, unless the caller asked for that very length.
    /// </summary>
    private static MemoryLedger PlanPages(long budget, long weights, long workspace, KvShape shape, EngineOptions options, ref int length)
    {
        long affordable = Math.Max(0, budget - weights - workspace) / shape.BytesPerPage;
        long useful = (long)options.MaxNumSeqs * PagesFor(length);
        long pages = Math.Min(Math.Min(affordable, useful), int.MaxValue / KvShape.PageTokens);
        if (pages < PagesFor(length))
        {
            long needed = weights + workspace + PagesFor(options.MaxModelLength ?? 256) * shape.BytesPerPage;
            if (options.MaxModelLength is not null || pages < PagesFor(256))
                throw new InvalidInputException(FormattableString.Invariant(
                    $"The model does not fit in its memory budget of {budget / 1048576} MiB: weights {weights / 1048576} MiB, workspace {workspace / 1048576} MiB and keys and values of one sequence of {options.MaxModelLength ?? 256} tokens need {needed / 1048576 + 1} MiB. Raise memory, or lower max_model_len or max_num_batched_tokens."));
            length = (int)pages * KvShape.PageTokens;
        }
        return new MemoryLedger(budget, weights, workspace, shape.BytesPerPage, (int)pages);
    }

    private static int PagesFor(int tokens) => (tokens + KvShape.PageTokens - 1) / KvShape.PageTokens;

    private static IEnumerable<int> TokenizerEos(string directory, Tokenizer? tokenizer)
    {
        string file = Path.Combine(directory, "tokenizer_config.json");
        if (tokenizer is null || ConfigFile.ReadIfPresent(file) is not { } config || !config.Has("eos_token"))
            return [];
        var eos = config["eos_token"];
        if (eos.ValueKind == JsonValueKind.Object && eos.TryGetProperty("content", out var content)) // an AddedToken
            eos = content;
        return eos.ValueKind == JsonValueKind.String && tokenizer.TokenId(eos.GetString()!) is { } id ? [id] : [];
    }
}
