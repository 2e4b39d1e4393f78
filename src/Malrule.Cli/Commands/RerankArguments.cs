using System.CommandLine;
using System.CommandLine.Parsing;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Cli.Commands;

/// <summary>The options that say how the language model puts the first candidates in a new order.</summary>
internal sealed class RerankArguments
{
    private readonly Option<int?> _candidates = new("--rerank") { Description = "Have the language model put the first so many candidates of any method in order; it must be on this machine, since servers do not tell the probabilities of all letters [default: none]", HelpName = "K" };
    private readonly Option<int?> _window = new("--rerank-window") { Description = $"Names shown to it at once, 1 to {RerankOptions.MaxWindow} [default: {new RerankOptions().Window}]", HelpName = "N" };
    private readonly Option<int?> _permutations = new("--rerank-permutations") { Description = $"How often it is shown each name, each time under another letter and in other company [default: {new RerankOptions().Permutations}]", HelpName = "N" };

    public IEnumerable<Option> All => [_candidates, _window, _permutations];

    /// <summary>Refuses options that would have no effect.</summary>
    public void Check(CommandResult result)
    {
        foreach (Option<int?> option in (ReadOnlySpan<Option<int?>>)[_window, _permutations])
        {
            if (result.GetResult(option) is not null && result.GetResult(_candidates) is null)
                result.AddError($"{option.Name} has no effect without --rerank.");
        }
    }

    /// <summary>Null: no reranking.</summary>
    public RerankOptions? Read(ParseResult parsed)
    {
        var defaults = new RerankOptions();
        return parsed.GetValue(_candidates) is not { } candidates ? null : defaults with
        {
            Candidates = candidates,
            Window = parsed.GetValue(_window) ?? defaults.Window,
            Permutations = parsed.GetValue(_permutations) ?? defaults.Permutations,
        };
    }
}
