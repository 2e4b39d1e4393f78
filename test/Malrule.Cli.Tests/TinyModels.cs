using Malrule.Benchmarks.Checkpoints;
using Malrule.Cli.Tests;
using Malrule.Tests;

[assembly: AssemblyFixture(typeof(TinyModels))]

namespace Malrule.Cli.Tests;

/// <summary>Tiny checkpoints with random weights, written once for all tests of the assembly.</summary>
public sealed class TinyModels : IDisposable
{
    private const string ChatMl = """
        {"eos_token": "<|im_end|>", "chat_template": "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"}
        """;

    private readonly string _folder = TestPaths.TemporaryFolder();

    public TinyModels()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(_folder, "cache")); // tests leave the user's own alone
        TokenIdsOnly = Path.Combine(_folder, "ids");
        new RandomCheckpoint { Shape = "tiny", Quant = "fp16", Output = TokenIdsOnly }.Write();
        Chat = Path.Combine(_folder, "chat");
        new RandomCheckpoint { Shape = "tiny", Quant = "awq", Tokenizer = TestPaths.Data("tokenizers", "qwen-like"), Output = Chat }.Write();
        File.WriteAllText(Path.Combine(Chat, "tokenizer_config.json"), ChatMl);
        Embedder = Path.Combine(_folder, "embedder");
        new RandomCheckpoint { Shape = "tiny-bge", Tokenizer = TestPaths.Data("tokenizers", "bert-like"), Output = Embedder }.Write();
    }

    /// <summary>A decoder without a tokenizer.</summary>
    public string TokenIdsOnly { get; }

    /// <summary>A decoder of AWQ weights with a byte-level BPE tokenizer and a ChatML template.</summary>
    public string Chat { get; }

    /// <summary>A BERT encoder with a WordPiece tokenizer.</summary>
    public string Embedder { get; }

    /// <summary>A copy of a checkpoint that a test may damage.</summary>
    public string Copy(string checkpoint)
    {
        string copy = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        foreach (string file in Directory.GetFiles(checkpoint, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(checkpoint, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
