using System.CommandLine;
using System.CommandLine.Parsing;
using Malrule.Inference;
using Malrule.Mining;
using Malrule.Mining.Rankings;

namespace Malrule.Cli.Commands;

/// <summary>The options that say how evidence becomes a ranking; what is not given stays as it was.</summary>
internal sealed class RankingArguments
{
    private readonly Option<FusionOptions?> _fusion = new("--fusion")
    {
        Description = "How the rankings of a distractor's texts become one: borda or rrf:K (reciprocal rank), either with @N for the first N places only; combsum (mean score); softmax:T [default: combsum; tutorial: borda]",
        HelpName = "RULE",
        CustomParser = ParseFusion,
    };
    private readonly Option<SampleWeighting?> _weights = Choice.Of<SampleWeighting>("--sample-weights", "Whether a text counts as often as it came, or by its probability [default: count]");
    private readonly Option<Retriever?> _retriever = Choice.Of<Retriever>("--retriever", "What maps inferred texts onto the catalogue: embeddings, or shared words without a model [default: embedder]");
    private readonly Option<double?> _unseenShare = new("--unseen-share") { Description = "For hybrid: the share of distractors whose misconception no labelled question shows, above 0 and below 1 [default: as among the labelled questions]", HelpName = "SHARE" };

    public IEnumerable<Option> All => [.. OfTexts, .. OfHybrid];

    /// <summary>Those that have no effect without texts.</summary>
    public IEnumerable<Option> OfTexts => [_fusion, _weights, _retriever];

    /// <summary>Those of the method hybrid alone.</summary>
    public IEnumerable<Option> OfHybrid => [_unseenShare];

    public MiningOptions Read(ParseResult parsed, MiningOptions options)
    {
        FusionOptions fusion = parsed.GetValue(_fusion) is { } given ? given with { Ties = options.Fusion.Ties, Weights = options.Fusion.Weights } : options.Fusion;
        return options with
        {
            Fusion = fusion with { Weights = parsed.GetValue(_weights) ?? fusion.Weights },
            Retriever = parsed.GetValue(_retriever) ?? options.Retriever,
            Hybrid = options.Hybrid with { UnseenShare = parsed.GetValue(_unseenShare) ?? options.Hybrid.UnseenShare },
        };
    }

    private static FusionOptions? ParseFusion(ArgumentResult argument)
    {
        try
        {
            return FusionOptions.Parse(argument.Tokens[0].Value);
        }
        catch (InvalidInputException error)
        {
            argument.AddError($"--fusion: {error.Message}");
            return null;
        }
    }
}
