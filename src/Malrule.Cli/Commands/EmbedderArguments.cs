using System.CommandLine;
using Malrule.Inference;
using Malrule.Mining.Embeddings;

namespace Malrule.Cli.Commands;

/// <summary>The options that say how texts are embedded; what is not given stays as the preset has it.</summary>
internal sealed class EmbedderArguments
{
    private readonly Option<Pooling?> _pooling = Choice.Of<Pooling>("--pooling", "auto: as the checkpoint says [default: auto; tutorial: cls]");
    private readonly Option<int?> _maxTokens = new("--embed-max-tokens") { Description = "Longer texts are cut to this many tokens, and counted [default: 1024]", HelpName = "N" };
    private readonly Option<int?> _batchTokens = new("--embed-batch-tokens") { Description = "Tokens embedded at once; no effect on results [default: 512]", HelpName = "N" };
    private readonly Option<string?> _cache = new("--vector-cache") { Description = "Folder that keeps the vectors of names and texts for the next run; none: keep nothing [default: malrule/vectors in the user's cache folder]", HelpName = "DIR|none" };

    public IEnumerable<Option> All => [_pooling, _maxTokens, _batchTokens, _cache];

    /// <summary>Where vectors are kept; null: nowhere.</summary>
    public string? CacheFolder(ParseResult parsed) => parsed.GetValue(_cache) switch
    {
        null => EmbeddingOptions.DefaultCacheFolder(),
        "none" => null,
        var folder => folder,
    };

    /// <summary>The embedder runs on the device, in the mode and with the threads of the language model.</summary>
    public EmbedderOptions Read(ParseResult parsed, EmbedderOptions preset, EngineOptions engine) => preset with
    {
        Device = engine.Device,
        Mode = engine.Mode,
        Threads = engine.Threads,
        Pooling = parsed.GetValue(_pooling) ?? preset.Pooling,
        MaxTokens = parsed.GetValue(_maxTokens) ?? preset.MaxTokens,
        MaxBatchedTokens = parsed.GetValue(_batchTokens) ?? preset.MaxBatchedTokens,
    };
}
