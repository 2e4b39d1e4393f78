using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary>The options that say how hypotheses are sampled; what is not given stays as the preset has it.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<int?> _samples = new("--samples", "-n") { Description = "Hypotheses for each distractor [default: 10]", HelpName = "N" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "How freely they are drawn, 0 to 2 [default: 0.7]", HelpName = "T" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "Draw from the most likely tokens up to this probability [default: 1]", HelpName = "P" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Draw from the k most likely tokens [default: all]", HelpName = "K" };
    private readonly Option<double?> _minP = new("--min-p") { Description = "Drop tokens less likely than this share of the best [default: 0]", HelpName = "P" };
    private readonly Option<double?> _repetition = new("--repetition-penalty") { Description = "Divides the logits of tokens that came before [default: 1]", HelpName = "R" };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "Longest hypothesis in tokens [default: 64]", HelpName = "N" };
    private readonly Option<string[]?> _stop = new("--stop")
    {
        Description = """Ends a hypothesis; may be given several times; \n is a line break [default: \n; tutorial: \n\n and ". "]""",
        HelpName = "TEXT",
        CustomParser = argument => [.. argument.Tokens.Select(token => Unescape(argument, token.Value))],
    };
    private readonly Option<bool?> _skipSpecial = Choice.TrueOrFalse("--skip-special-tokens", "Leave special tokens out of the text [default: true]");

    public IEnumerable<Option> All => [_samples, _temperature, _topP, _topK, _minP, _repetition, _maxTokens, _stop, _skipSpecial];

    public SamplingParams Read(ParseResult parsed, SamplingParams preset) => preset with
    {
        N = parsed.GetValue(_samples) ?? preset.N,
        Temperature = parsed.GetValue(_temperature) ?? preset.Temperature,
        TopP = parsed.GetValue(_topP) ?? preset.TopP,
        TopK = parsed.GetValue(_topK) ?? preset.TopK,
        MinP = parsed.GetValue(_minP) ?? preset.MinP,
        RepetitionPenalty = parsed.GetValue(_repetition) ?? preset.RepetitionPenalty,
        MaxTokens = parsed.GetValue(_maxTokens) ?? preset.MaxTokens,
        Stop = parsed.GetValue(_stop) is { Length: > 0 } stop ? stop : preset.Stop,
        SkipSpecialTokens = parsed.GetValue(_skipSpecial) ?? preset.SkipSpecialTokens,
    };

    /// <summary>\n, \r, \t and \\ as shells pass them on.</summary>
    private static string Unescape(ArgumentResult argument, string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }
            char? escaped = ++i < text.Length ? text[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', '\\' => '\\', _ => null } : null;
            if (escaped is null)
            {
                argument.AddError($"""--stop "{text}": a backslash must be followed by n, r, t or another backslash.""");
                return text;
            }
            result.Append(escaped);
        }
        return result.ToString();
    }
}
