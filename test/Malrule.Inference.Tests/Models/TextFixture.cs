using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>
/// The tiny AWQ checkpoint (1,024 ids) with a byte-level tokenizer of 561 tokens beside it, all 256 bytes among them, and
/// &lt;|im_end|&gt; as its end of sequence: random weights that write random text.
/// </summary>
internal static class TextFixture
{
    private static readonly Lazy<string> Folder = new(Make);

    public const int EndOfSequence = 558;

    public static Tokenizer Tokenizer { get; } = Tokenizer.Load(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"));

    public static Task<LlmEngine> LoadAsync(EngineOptions? options = null) =>
        LlmEngine.LoadAsync(Folder.Value, options ?? new EngineOptions { Device = "cpu", Memory = 256 << 20, MaxModelLength = 512 }, TestContext.Current.CancellationToken);

    private static string Make()
    {
        string folder = TestPaths.TemporaryFolder();
        foreach (string file in Directory.GetFiles(TestPaths.Data("fixtures", "qwen2-awq-tiny")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Copy(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"), Path.Combine(folder, "tokenizer.json"), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"),
            """{"eos_token": "<|im_end|>", "chat_template": "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"}""");
        return folder;
    }
}
