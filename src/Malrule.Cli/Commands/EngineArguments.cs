using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary>The options by which a command loads a language model, under Malrule's names and, where it differs, vLLM's too.</summary>
internal sealed class EngineArguments
{
    private readonly Option<string?> _device = Choice.Among("--device", "What computes; reference: plain loops, slow [default: auto]", Devices);
    private readonly Option<ComputeMode?> _mode = Choice.Of<ComputeMode>("--mode", "fast: 8-bit activations; exact: 32-bit [default: fast]");
    private readonly Option<string?> _type = Choice.Among("--dtype", "Type of the KV cache: half (float16) or float (float32) [default: auto, half in fast mode]", "auto", "half", "float", "float16", "float32");
    private readonly Option<int?> _length = new("--max-model-len") { Description = "Longest prompt and output together, in tokens.", HelpName = "N" };
    private readonly Option<int> _sequences = new("--max-num-seqs") { Description = "Most samples generated at once.", DefaultValueFactory = _ => new EngineOptions().MaxNumSeqs, HelpName = "N" };
    private readonly Option<int> _batchedTokens = new("--max-num-batched-tokens") { Description = "Most tokens computed in a step.", DefaultValueFactory = _ => new EngineOptions().MaxNumBatchedTokens, HelpName = "N" };
    private readonly Option<double> _memory = Memory("--memory");
    private readonly Option<double> _memoryOfVllm = Memory("--gpu-memory-utilization");
    private readonly Option<bool> _noPrefixCaching = new("--no-enable-prefix-caching") { Description = "Compute every prompt from its start." };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads that compute [default: one for each core]", HelpName = "N" };
    private readonly Option<bool> _pin = new("--pin") { Description = "Keep each thread on a core of its own (Linux, Windows); for machines that do nothing else." };
    private readonly Option<string?> _tensorParallel = Choice.Among("--tensor-parallel-size", "Accepted for vLLM's sake: one device holds the model.", "1");
    private readonly Option<bool> _trust = new("--trust-remote-code") { Description = "Accepted for vLLM's sake: nothing that a checkpoint brings is ever run." };

    private readonly int? _lengthCap;

    /// <summary>What <c>--device</c> takes.</summary>
    public static string[] Devices => ["auto", "cpu", "reference"];

    /// <param name="lengthCap">Unless asked for more, sequences are at most this long; null: as long as the checkpoint allows.</param>
    public EngineArguments(int? lengthCap)
    {
        _lengthCap = lengthCap;
        _length.Description += lengthCap is null ? " [default: what the checkpoint allows and memory holds]" : $" [default: {lengthCap}, or less where the checkpoint allows less]";
        _memoryOfVllm.Hidden = true;
    }

    public IEnumerable<Option> All => [_device, _mode, _type, _length, _sequences, _batchedTokens, _memory, _memoryOfVllm, _noPrefixCaching, _threads, _pin, _tensorParallel, _trust];

    public EngineOptions Read(ParseResult parsed) => new()
    {
        Device = parsed.GetValue(_device) ?? "auto",
        Mode = parsed.GetValue(_mode) ?? ComputeMode.Fast,
        KvType = parsed.GetValue(_type) switch { "half" or "float16" => KvType.Float16, "float" or "float32" => KvType.Float32, _ => KvType.Auto },
        MaxModelLength = parsed.GetValue(_length),
        ModelLengthCap = _lengthCap,
        MaxNumSeqs = parsed.GetValue(_sequences),
        MaxNumBatchedTokens = parsed.GetValue(_batchedTokens),
        Memory = parsed.GetValue(parsed.GetResult(_memory) is { Implicit: false } ? _memory : _memoryOfVllm),
        EnablePrefixCaching = !parsed.GetValue(_noPrefixCaching),
        Threads = parsed.GetValue(_threads),
        PinThreads = parsed.GetValue(_pin),
    };

    /// <summary>An option that takes a fraction (0.8, 80%), or bytes with or without a unit (6GiB, 6G, 500MB).</summary>
    public static Option<double> Memory(string name) => new(name)
    {
        Description = "Memory to use: bytes (6GiB) or a fraction of what is free (0.8)",
        DefaultValueFactory = _ => new EngineOptions().Memory,
        HelpName = "BYTES|FRACTION",
        CustomParser = argument => ParseMemory(name, argument),
    };

    private static double ParseMemory(string name, ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value.Trim();
        int end = text.AsSpan().LastIndexOfAnyInRange('0', '9') + 1;
        double unit = text[end..].Trim().ToUpperInvariant() switch
        {
            "" => 1,
            "%" => 0.01,
            "B" => 1,
            "K" or "KIB" => 1L << 10,
            "M" or "MIB" => 1L << 20,
            "G" or "GIB" => 1L << 30,
            "T" or "TIB" => 1L << 40,
            "KB" => 1e3,
            "MB" => 1e6,
            "GB" => 1e9,
            "TB" => 1e12,
            _ => double.NaN,
        };
        if (double.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number * unit > 0)
            return number * unit;
        argument.AddError($"{name} must be bytes such as 6GiB or a fraction such as 0.8; it is \"{text}\".");
        return 0;
    }
}
