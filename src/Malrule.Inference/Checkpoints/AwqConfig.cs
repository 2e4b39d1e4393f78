namespace Malrule.Inference.Checkpoints;

/// <summary>
/// How a checkpoint is quantised: <c>quantization_config</c> of config.json, or the older <c>quant_config.json</c>.
/// Only AWQ "gemm" with 4 bits and zero points is read; everything else is refused by name.
/// </summary>
internal sealed record AwqConfig(int GroupSize, IReadOnlyList<string> ModulesToNotConvert)
{
    public static AwqConfig? Read(string directory, ConfigFile config)
    {
        if (config.Has("quantization_config"))
            return Parse(config.Object("quantization_config"), "bits", "group_size");
        return ConfigFile.ReadIfPresent(Path.Combine(directory, "quant_config.json")) is { } older
            ? Parse(older, "w_bit", "q_group_size") : null;
    }

    /// <summary>Whether the layer of this name is stored quantised.</summary>
    public bool Converts(string layer) => !ModulesToNotConvert.Any(module => layer.Contains(module, StringComparison.Ordinal));

    private static AwqConfig Parse(ConfigFile json, string bitsField, string groupField)
    {
        Expect(json, "quant_method", json.String("quant_method", "awq"), "awq");
        Expect(json, "version", json.String("version", "gemm").ToLowerInvariant(), "gemm");
        Expect(json, bitsField, json.Int(bitsField, 1, 16, 4).ToString(), "4");
        Expect(json, "zero_point", json.Bool("zero_point", true) ? "true" : "false", "true");
        int group = json.Int(groupField, -1, 1024);
        if (group is not (32 or 64 or 128))
            throw json.Wrong(groupField, "32, 64 or 128");
        return new AwqConfig(group, json.StringList("modules_to_not_convert"));
    }

    private static void Expect(ConfigFile json, string field, string found, string expected)
    {
        if (found != expected)
            throw json.Wrong(field, $"{expected} (Malrule reads AWQ checkpoints of version gemm, 4 bits, with zero points)");
    }
}
