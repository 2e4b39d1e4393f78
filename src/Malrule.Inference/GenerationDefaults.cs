using Malrule.Inference.Checkpoints;

namespace Malrule.Inference;

/// <summary>
/// What generation_config.json recommends. The engine never merges it into explicit parameters; a server, <c>run-batch</c> and
/// <see cref="EngineChatClient"/> do so for fields a request leaves unset, as vLLM's server does.
/// </summary>
public sealed record GenerationDefaults
{
    /// <summary>temperature.</summary>
    public double? Temperature { get; init; }

    /// <summary>top_p.</summary>
    public double? TopP { get; init; }

    /// <summary>top_k.</summary>
    public int? TopK { get; init; }

    /// <summary>min_p.</summary>
    public double? MinP { get; init; }

    /// <summary>repetition_penalty.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>max_new_tokens.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>eos_token_id, one or several; these always stop.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Parameters as recommended, for callers who set no others or change some of them; vLLM's <c>get_default_sampling_params</c>.</summary>
    /// <param name="maxTokens">Most tokens wanted, which <see cref="MaxTokens"/> caps; null: as many as that allows, else as fit.</param>
    public SamplingParams ToSamplingParams(int? maxTokens = null) => new()
    {
        Temperature = Temperature ?? 1,
        TopP = TopP ?? 1,
        TopK = TopK ?? 0,
        MinP = MinP ?? 0,
        RepetitionPenalty = RepetitionPenalty ?? 1,
        MaxTokens = MaxTokens is { } most ? Math.Min(maxTokens ?? most, most) : maxTokens,
    };

    internal static GenerationDefaults Read(string directory)
    {
        if (ConfigFile.ReadIfPresent(Path.Combine(directory, "generation_config.json")) is not { } json)
            return new GenerationDefaults();
        double? Number(string field) => json.Has(field) ? json.Double(field) : null;
        int? Whole(string field) => json.Has(field) ? json.Int(field, int.MinValue, int.MaxValue) : null;
        return new GenerationDefaults
        {
            Temperature = Number("temperature"),
            TopP = Number("top_p"),
            TopK = Whole("top_k"),
            MinP = Number("min_p"),
            RepetitionPenalty = Number("repetition_penalty"),
            MaxTokens = Whole("max_new_tokens"),
            EosTokenIds = json.Ints("eos_token_id"),
        };
    }
}
