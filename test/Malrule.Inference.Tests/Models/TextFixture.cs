using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>
/// The tiny AWQ checkpoint (1,024 ids) with a byte-level tokenizer of 561 tokens beside it, all 256 bytes among them, and
/// &lt;|im_end|&gt; as its end of sequence: random weights that write random text.
/// </summary>
internal static class TextFixture
{
    private const string Template = "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    public const int EndOfSequence = 558;

    public static Tokenizer Tokenizer { get; } = Tokenizer.Load(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"));

    public static Task<LlmEngine> LoadAsync(EngineOptions? options = null, string? generationConfig = null, string model = "qwen2-awq-tiny") =>
        LoadAsync("qwen-like", """{"eos_token": "<|im_end|>",""", options, generationConfig, model);

    /// <summary>The same weights with a tokenizer whose post-processor begins every text with &lt;|begin|&gt;, as the chat template does.</summary>
    public static Task<LlmEngine> LoadWithBeginningTokenAsync() => LoadAsync("llama-like", """{"bos_token": "<|begin|>",""", null);

    private static Task<LlmEngine> LoadAsync(string tokenizer, string config, EngineOptions? options, string? generationConfig = null, string model = "qwen2-awq-tiny")
    {
        string folder = TestPaths.TemporaryFolder();
        foreach (string file in Directory.GetFiles(TestPaths.Data("fixtures", model)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Copy(TestPaths.Data("tokenizers", tokenizer, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), $"{config} \"chat_template\": \"{Template}\"}}");
        if (generationConfig is not null)
            File.WriteAllText(Path.Combine(folder, "generation_config.json"), generationConfig);
        return LlmEngine.LoadAsync(folder, options ?? new EngineOptions { Device = "cpu", Memory = 256 << 20, MaxModelLength = 512 }, TestContext.Current.CancellationToken);
    }
}
