using System.Buffers.Binary;
using System.Security.Cryptography;
using Malrule.Inference.Hub;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Verification;

/// <summary>Whole models pass; each kind of damage is found, named, and does not hide what else is wrong.</summary>
public sealed class ModelVerificationTests
{
    private const string SomeScales = "model.layers.1.mlp.up_proj.scales";

    [Fact]
    public async Task The_bundled_language_model_passes_every_check()
    {
        ModelVerificationReport report = await Verify(Path.Combine(TestPaths.Repository, "models", "malrule-llm-awq"));
        Assert.All(report.Checks, check => Assert.Equal(CheckVerdict.Ok, check.Verdict));
        Assert.Equal(["config", "files", "tokenizer", "tensors", "values", "self-test", "perplexity", "fast", "batch", "speed"], report.Checks.Select(check => check.Name));
        Assert.InRange(Check(report, "fast").Figures["mean_kl"], 0, 0.005);
        Assert.InRange(Check(report, "perplexity").Figures["answer"], 1, 1.1);
        Assert.Contains("as it should", Check(report, "self-test").Found);
    }

    [Fact]
    public async Task The_bundled_embedder_passes_every_check()
    {
        ModelVerificationReport report = await Verify(Path.Combine(TestPaths.Repository, "models", "malrule-embedder"));
        Assert.All(report.Checks, check => Assert.Equal(CheckVerdict.Ok, check.Verdict));
        Assert.Contains("mean pooling, normalised, as modules.json says", Check(report, "config").Found);
        Assert.InRange(Check(report, "fast").Figures["min_cosine"], 0.999, 1.001);
    }

    [Theory]
    [InlineData("qwen2-fp16-tiny")]
    [InlineData("qwen3-awq-tiny")]
    [InlineData("llama3-bf16-tiny")]
    [InlineData("bert-tiny")]
    [InlineData("nomic-bert-tiny")]
    public async Task A_checkpoint_without_a_tokenizer_passes_with_a_warning(string fixture)
    {
        ModelVerificationReport report = await Verify(TestPaths.Data("fixtures", fixture));
        Assert.True(report.Passed);
        Assert.Contains("token ids only", Check(report, "tokenizer", CheckVerdict.Warning).Found);
    }

    [Fact]
    public async Task Every_missing_or_misshapen_tensor_is_listed_and_nothing_is_computed()
    {
        var copy = CheckpointCopy.OfFixture("qwen3-awq-tiny");
        copy.Rename(SomeScales, SomeScales.Replace("up_", "xp_"));
        copy.Rename("model.layers.0.self_attn.q_norm.weight", "model.layers.0.self_attn.z_norm.weight");
        copy.EditText("config.json", "\"vocab_size\": 512", "\"vocab_size\": 513");
        ModelVerificationReport report = await Verify(copy.Directory);
        ModelCheck tensors = Check(report, "tensors", CheckVerdict.Failed);
        Assert.Equal(3, tensors.Details.Count(detail => !detail.StartsWith('…')));
        Assert.Contains(tensors.Details, detail => detail.Contains($"'{SomeScales}' is missing"));
        Assert.Contains(tensors.Details, detail => detail.Contains("'model.layers.0.self_attn.q_norm.weight' is missing"));
        Assert.Contains(tensors.Details, detail => detail.Contains("'model.embed_tokens.weight' has shape [512, 128]; config.json asks for [513, 128]"));
        Check(report, "computing", CheckVerdict.Skipped);
        Assert.False(report.Passed);
    }

    [Fact]
    public async Task Tensors_that_the_model_does_not_use_are_named_and_do_no_harm()
    {
        var copy = CheckpointCopy.OfFixture("llama-fp16-tiny");
        copy.EditText("config.json", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
        Assert.Contains("1 more that the model does not use (lm_head.weight)", Check(await Verify(copy.Directory), "tensors").Found);
    }

    [Fact]
    public async Task A_value_that_is_not_finite_is_named_with_its_tensor()
    {
        var copy = CheckpointCopy.OfFixture("qwen3-awq-tiny");
        copy.EditTensor(SomeScales, data => BinaryPrimitives.WriteUInt16LittleEndian(data[100..], 0x7E00));
        copy.EditTensor("model.norm.weight", data => BinaryPrimitives.WriteUInt16LittleEndian(data, 0xFC00));
        ModelVerificationReport report = await Verify(copy.Directory);
        Assert.Equal([$"'{SomeScales}' holds 1 values that are not finite, of 512", "'model.norm.weight' holds 1 values that are not finite, of 128"],
            Check(report, "values", CheckVerdict.Failed).Details.Order(StringComparer.Ordinal));
        Check(report, "computing", CheckVerdict.Skipped);
    }

    [Fact]
    public async Task A_part_of_a_file_that_was_never_written_is_doubted()
    {
        var copy = CheckpointCopy.OfFixture("qwen3-bf16-tiny");
        copy.EditTensor("model.layers.1.mlp.down_proj.weight", data => data.Clear());
        Assert.Contains("'model.layers.1.mlp.down_proj.weight' holds nothing but zeros", Check(await Verify(copy.Directory), "values", CheckVerdict.Warning).Details);
    }

    [Fact]
    public async Task A_file_that_is_cut_off_is_found()
    {
        var copy = CheckpointCopy.OfFixture("qwen3-awq-tiny");
        using (FileStream file = File.OpenWrite(copy.PathOf("model.safetensors")))
            file.SetLength(file.Length - 1000);
        ModelVerificationReport report = await Verify(copy.Directory);
        Assert.Contains("it may be cut off. Download it again.", Check(report, "tensors", CheckVerdict.Failed).Found);
        Check(report, "computing", CheckVerdict.Skipped);
    }

    [Fact]
    public async Task Another_models_tokenizer_is_found_by_its_size()
    {
        var copy = CheckpointCopy.OfBundled("malrule-llm-awq");
        File.Copy(TestPaths.Data("goldens", "bert-uncased-tokenizer", "tokenizer.json"), copy.PathOf("tokenizer.json"), overwrite: true);
        Assert.Contains("another model's", Check(await Verify(copy.Directory), "tokenizer", CheckVerdict.Failed).Found);
    }

    [Fact]
    public async Task Weights_that_were_scrambled_are_no_better_than_guessing()
    {
        var copy = CheckpointCopy.OfBundled("malrule-llm-awq");
        for (int layer = 0; layer < 6; layer++)
            copy.EditTensor($"model.layers.{layer}.mlp.down_proj.qweight", data => new Random(1).NextBytes(data));
        ModelVerificationReport report = await Verify(copy.Directory);
        Check(report, "values", CheckVerdict.Ok);
        Assert.Contains("no better than guessing", Assert.Single(Check(report, "perplexity", CheckVerdict.Failed).Details));
    }

    [Fact]
    public async Task An_embedder_of_random_weights_does_not_place_paraphrases_near()
    {
        var copy = CheckpointCopy.OfBundled("malrule-embedder");
        copy.EditTensor("embeddings.word_embeddings.weight", data =>
        {
            var random = new Random(3);
            for (int i = 0; i < data.Length; i += 2)
                BinaryPrimitives.WriteHalfLittleEndian(data[i..], (Half)(random.NextDouble() - 0.5));
        });
        Check(await Verify(copy.Directory), "meaning", CheckVerdict.Warning);
    }

    [Fact]
    public async Task Bytes_that_flipped_in_the_hub_cache_are_found_by_the_name_of_the_blob()
    {
        var copy = CheckpointCopy.OfFixture("bert-tiny");
        string snapshot = Path.Combine(TestPaths.TemporaryFolder(), "snapshots", "c0ffee"), blobs = Path.Combine(snapshot, "..", "..", "blobs");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(blobs);
        string blob = Path.Combine(blobs, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(copy.PathOf("model.safetensors")))));
        File.Copy(copy.PathOf("model.safetensors"), blob);
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.safetensors"), Path.Combine("..", "..", "blobs", Path.GetFileName(blob)));
        byte[] config = File.ReadAllBytes(copy.PathOf("config.json"));
        using var content = new HubFile("config.json", config.Length, new string('0', 40)).StartHash(); // git's kind
        content.AppendData(config);
        string git = Convert.ToHexStringLower(content.GetHashAndReset());
        File.WriteAllBytes(Path.Combine(blobs, git), config);
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), Path.Combine("..", "..", "blobs", git));
        ModelVerificationReport whole = await Verify(snapshot);
        Assert.Contains("all have the hash they were published with", Check(whole, "files").Found);
        Assert.All(whole.Files, file => Assert.True(file.Matches));

        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^77] ^= 4;
        File.WriteAllBytes(blob, bytes);
        ModelCheck files = Check(await Verify(snapshot), "files", CheckVerdict.Failed);
        Assert.StartsWith("model.safetensors: was published with the hash ", Assert.Single(files.Details));
    }

    [Fact]
    public async Task Notes_of_a_download_into_a_folder_are_compared_too()
    {
        var copy = CheckpointCopy.OfFixture("bert-tiny");
        string notes = copy.PathOf(Path.Combine(".cache", "huggingface", "download"));
        Directory.CreateDirectory(notes);
        File.WriteAllLines(Path.Combine(notes, "model.safetensors.metadata"), ["c0ffee", new string('0', 64), "1700000000.0"]);
        Assert.Contains("but has", Assert.Single(Check(await Verify(copy.Directory), "files", CheckVerdict.Failed).Details));
    }

    [Fact]
    public async Task Another_architecture_fails_by_name_and_its_files_are_hashed_all_the_same()
    {
        var copy = CheckpointCopy.OfFixture("llama-fp16-tiny");
        copy.EditText("config.json", "LlamaForCausalLM", "MistralForCausalLM");
        ModelVerificationReport report = await Verify(copy.Directory);
        Assert.Contains("LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM", Check(report, "config", CheckVerdict.Failed).Found);
        Assert.Equal(3, report.Files.Count);
        Assert.Equal(2, report.Checks.Count);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_refused() =>
        await Assert.ThrowsAsync<InvalidInputException>(() => Verify(TestPaths.TemporaryFolder() + "-absent"));

    private static Task<ModelVerificationReport> Verify(string directory) =>
        ModelVerification.RunAsync(directory, new EngineOptions { Memory = 512 << 20 }, cancellationToken: TestContext.Current.CancellationToken);

    private static ModelCheck Check(ModelVerificationReport report, string name, CheckVerdict verdict = CheckVerdict.Ok)
    {
        ModelCheck check = Assert.Single(report.Checks, check => check.Name == name);
        Assert.True(check.Verdict == verdict, $"{name} is {check.Verdict}: {check.Found} {string.Join("; ", check.Details)}");
        return check;
    }
}
