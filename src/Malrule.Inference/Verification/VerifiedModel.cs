using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Embeddings;
using Malrule.Inference.Models;

namespace Malrule.Inference.Verification;

/// <summary>What config.json says a folder holds: a decoder (<see cref="Decoder"/>), else an encoder.</summary>
internal sealed record VerifiedModel(string Directory, ConfigFile Config, DecoderConfig? Decoder, PoolingConfig? Pooling, int VocabSize)
{
    public static VerifiedModel Read(string directory)
    {
        var config = ConfigFile.Read(Path.Combine(directory, "config.json"));
        if (config.String("model_type", "") is not (("bert" or "nomic_bert") and var type))
        {
            var decoder = DecoderConfig.Read(directory, config);
            return new VerifiedModel(directory, config, decoder, null, decoder.VocabSize);
        }
        var pooling = PoolingConfig.Read(directory, type == "bert" ? Inference.Pooling.Cls : Inference.Pooling.Mean);
        return new VerifiedModel(directory, config, null, pooling, config.Int("vocab_size", 1, 4_194_304));
    }

    public ModelCheck Describe()
    {
        if (Decoder is { } c)
        {
            string weights = c.Quantization is { } awq ? $"AWQ 4-bit in groups of {awq.GroupSize}" : "unquantised";
            return new ModelCheck("config", CheckVerdict.Ok, FormattableString.Invariant(
                $"{c.Architecture}, {weights}: {c.NumHiddenLayers} layers of {c.HiddenSize}, {c.NumAttentionHeads} heads of {c.HeadDim} over {c.NumKeyValueHeads}, vocabulary {c.VocabSize}{(c.TieWordEmbeddings ? " (tied)" : "")}, up to {c.MaxPositionEmbeddings} tokens"));
        }
        string found = $"{Config.String("model_type")} embedder, vocabulary {VocabSize}, {(Pooling!.Pooling == Inference.Pooling.Cls ? "first token (CLS)" : "mean")} pooling, {(Pooling.Normalize ? "" : "not ")}normalised";
        return File.Exists(Path.Combine(Directory, "modules.json"))
            ? new ModelCheck("config", CheckVerdict.Ok, found + ", as modules.json says")
            : new ModelCheck("config", CheckVerdict.Warning, found)
            {
                Details = ["modules.json is absent, so the pooling is the architecture's usual one; check the model's page"],
            };
    }

    /// <summary>Asks the checkpoint for every tensor that the model is made of, as loading it does.</summary>
    public IDisposable Load(Checkpoint checkpoint, Backend backend)
    {
        if (Decoder is { } decoder)
            return new DecoderModel(checkpoint, decoder, backend, maxRows: 1, maxLogitRows: 1, maxPositions: 1);
        var options = new EmbedderOptions { MaxTokens = 1, MaxBatchedTokens = 1 };
        return Config.String("model_type") == "bert" ? new BertModel(checkpoint, Config, backend, options) : new NomicBertModel(checkpoint, Config, backend, options);
    }
}
