using System.Text.Json;
using System.Text.Json.Nodes;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>
/// Writes a checkpoint with random weights of a published model's true shape, so that the whole job can be run and timed without a
/// download. What it computes means nothing; how long it takes does.
/// </summary>
internal sealed record RandomCheckpoint
{
    /// <summary>Names of <see cref="Shape"/>.</summary>
    public static readonly string[] Shapes =
        ["qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-3b", "qwen3-0.6b", "llama-3.2-1b", "tiny", "bge-small", "bge-base", "nomic-embed-text", "tiny-bge"];

    private static readonly string[] TokenizerFiles =
        ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt", "chat_template.jinja"];

    public required string Shape { get; init; }

    /// <summary>awq, fp16 or fp32; null: awq for a decoder, fp32 for an encoder, as they are published.</summary>
    public string? Quant { get; init; }

    public int GroupSize { get; init; } = 128;

    /// <summary>The folder whose tokenizer files are copied in; null: the checkpoint has none and takes token ids.</summary>
    public string? Tokenizer { get; init; }

    public required string Output { get; init; }
    public long Seed { get; init; } = 1;
    public long ShardBytes { get; init; } = 2_000_000_000;

    /// <summary>Writes the folder; returns the bytes of its tensors.</summary>
    public long Write()
    {
        Directory.CreateDirectory(Output);
        foreach (string stale in Directory.GetFiles(Output, "model*.safetensors*"))
            File.Delete(stale);
        int[] ids = [];
        if (Tokenizer is not null)
        {
            if (!File.Exists(Path.Combine(Tokenizer, "tokenizer.json")))
                throw new ArgumentException($"{Tokenizer} holds no tokenizer.json; give --tokenizer a folder that does, or leave it out.");
            foreach (string file in TokenizerFiles.Where(file => File.Exists(Path.Combine(Tokenizer, file))))
                File.WriteAllBytes(Path.Combine(Output, file), File.ReadAllBytes(Path.Combine(Tokenizer, file)));
            ids = [.. TokenIds(Path.Combine(Tokenizer, "tokenizer.json")).Values];
        }
        List<TensorSpec> tensors = [.. Shape is "bge-small" or "bge-base" or "nomic-embed-text" or "tiny-bge" ? Encoder(ids) : Decoder(ids)];
        SafetensorsWriter.Write(Output, tensors, Seed, ShardBytes);
        return tensors.Sum(tensor => tensor.Bytes);
    }

    private IEnumerable<TensorSpec> Decoder(int[] ids)
    {
        DecoderShape shape = Shape switch
        {
            "qwen2.5-0.5b" => new(896, 4864, 24, 14, 2, 151936),
            "qwen2.5-1.5b" => new(1536, 8960, 28, 12, 2, 151936),
            "qwen2.5-3b" => new(2048, 11008, 36, 16, 2, 151936, MaxWindowLayers: 70, RepetitionPenalty: 1.05),
            "qwen3-0.6b" => new(1024, 3072, 28, 16, 8, 151936, MaxPositions: 40960, MaxWindowLayers: 28, RepetitionPenalty: 1, Family: "Qwen3") { HeadDim = 128 },
            "llama-3.2-1b" => new(2048, 8192, 16, 32, 8, 128256, MaxPositions: 131072, RepetitionPenalty: 1, Family: "Llama")
            {
                RopeTheta = 500000,
                NormEpsilon = 1e-5,
                Llama3Factor = 32,
            },
            "tiny" => new(256, 768, 4, 4, 2, TinyVocabulary(ids), MaxPositions: 4096, MaxWindowLayers: 4),
            _ => throw new ArgumentException($"--shape {Shape} is not one of {string.Join(", ", Shapes)}."),
        };
        CheckFits(ids, shape.Vocabulary);
        int? group = (Quant ?? "awq") == "awq" ? GroupSize : null;
        (int bos, int eos) = Shape == "llama-3.2-1b" ? (128000, 128009) : (151643, 151645);
        if (Shape == "tiny")
        {
            Dictionary<string, int> names = Tokenizer is null ? [] : TokenIds(Path.Combine(Tokenizer, "tokenizer.json"));
            bos = names.GetValueOrDefault("<|endoftext|>", shape.Vocabulary - 2);
            eos = names.GetValueOrDefault("<|im_end|>", shape.Vocabulary - 1);
        }
        WriteJson("config.json", shape.Config(group, bos, eos));
        WriteJson("generation_config.json", shape.GenerationConfig(bos, eos));
        return shape.Tensors(group, Quant == "fp32" ? "F32" : "F16");
    }

    private IEnumerable<TensorSpec> Encoder(int[] ids)
    {
        EncoderShape shape = Shape switch
        {
            "bge-small" => new(Nomic: false, 384, 1536, 12, 12, 30522, 512),
            "bge-base" => new(Nomic: false, 768, 3072, 12, 12, 30522, 512),
            "tiny-bge" => new(Nomic: false, 128, 512, 2, 4, TinyVocabulary(ids), 512),
            _ => new(Nomic: true, 768, 3072, 12, 12, 30528, 8192),
        };
        if (Quant == "awq")
            throw new ArgumentException($"--shape {Shape} is an embedder, published unquantised: choose --quant fp16 or fp32.");
        CheckFits(ids, shape.Vocabulary);
        WriteJson("config.json", shape.Config());
        WriteJson("modules.json", shape.Modules());
        WriteJson("sentence_bert_config.json", shape.SentenceConfig());
        Directory.CreateDirectory(Path.Combine(Output, "1_Pooling"));
        WriteJson(Path.Combine("1_Pooling", "config.json"), shape.Pooling());
        return shape.Tensors(Quant == "fp16" ? "F16" : "F32");
    }

    private static int TinyVocabulary(int[] ids) => ids.Length == 0 ? 1024 : (ids.Max() + 64) / 64 * 64;

    private void CheckFits(int[] ids, int vocabulary)
    {
        if (ids.Length > 0 && ids.Max() >= vocabulary)
            throw new ArgumentException($"The tokenizer in {Tokenizer} has ids up to {ids.Max()}; {Shape} has a vocabulary of {vocabulary}.");
    }

    private void WriteJson(string file, JsonNode content) =>
        File.WriteAllText(Path.Combine(Output, file), content.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");

    private static Dictionary<string, int> TokenIds(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        var ids = new Dictionary<string, int>();
        foreach (JsonProperty entry in document.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject())
            ids[entry.Name] = entry.Value.GetInt32();
        foreach (JsonElement entry in document.RootElement.GetProperty("added_tokens").EnumerateArray())
            ids[entry.GetProperty("content").GetString()!] = entry.GetProperty("id").GetInt32();
        return ids;
    }
}
