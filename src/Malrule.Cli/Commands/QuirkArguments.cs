using System.CommandLine;
using Malrule.Mining;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Rankings;

namespace Malrule.Cli.Commands;

/// <summary>The choices in which the presets differ, each an option of its own; what is not given stays as the preset has it.</summary>
internal sealed class QuirkArguments
{
    private readonly Option<DemonstrationSelection?> _demonstrations = Choice.Of<DemonstrationSelection>("--demonstrations", "similar: the nearest labelled questions; same-topic: random ones of the same construct and subject [default: similar; tutorial: same-topic]");
    private readonly Option<string?> _drawnFor = Choice.Among("--demonstrations-for", "same-topic draws once for a question, or anew for each distractor [default: question; tutorial: distractor]", "question", "distractor");
    private readonly Option<bool?> _fallbackDrops = Choice.TrueOrFalse("--fallback-drops-matches", "same-topic, where it falls back on other topics, drops the exact matches [default: false; tutorial: true]");
    private readonly Option<bool?> _fit = Choice.TrueOrFalse("--drop-demonstrations", "A prompt that is too long loses its first demonstrations; else its request fails [default: true; tutorial: false]");
    private readonly Option<PromptLayout?> _layout = Choice.Of<PromptLayout>("--layout", "compact: a stem once; dialogue: the tutorial's turns for each distractor [default: compact; tutorial: dialogue]");
    private readonly Option<string?> _instruction = new("--instruction") { Description = "The system turn; none: no such turn [default: one sentence; tutorial: none]", HelpName = "TEXT|none" };
    private readonly Option<bool?> _topic = Choice.TrueOrFalse("--topic", "Subject and construct stand before each stem [default: true; tutorial: false]");
    private readonly Option<bool?> _cleanNames = Choice.TrueOrFalse("--clean-names", "Names stand without stray spaces and line breaks, in prompts and as embedded [default: true; tutorial: false]");
    private readonly Option<bool?> _seedPerItem = Choice.TrueOrFalse("--seed-per-item", "Each distractor has seeds of its own; else all have the same [default: true; tutorial: false]");
    private readonly Option<bool?> _afterLastColon = Choice.TrueOrFalse("--after-last-colon", "Only what follows a text's last colon counts [default: false; tutorial: true]");
    private readonly Option<bool?> _blankVotes = Choice.TrueOrFalse("--blank-votes", "A blank text ranks the catalogue too [default: false; tutorial: true]");
    private readonly Option<string?> _queryPrefix = new("--query-prefix") { Description = "Put before every inferred text when it is embedded [default: what the embedder was trained with; tutorial: none]", HelpName = "TEXT" };
    private readonly Option<string?> _cataloguePrefix = new("--catalogue-prefix") { Description = "Put before every name, likewise.", HelpName = "TEXT" };
    private readonly Option<bool?> _doubleCosines = Choice.TrueOrFalse("--double-cosines", "Cosines in double precision [default: false; tutorial: true]");
    private readonly Option<TieOrder?> _ties = Choice.Of<TieOrder>("--ties", "Which of two names with equal points stands first [default: lower-id; tutorial: first-sample]");

    /// <summary>Those that shape prompts.</summary>
    public IEnumerable<Option> Prompting => [_demonstrations, _drawnFor, _fallbackDrops, _fit, _layout, _instruction, _topic, _cleanNames];

    /// <summary>Those about the seeds of samples.</summary>
    public IEnumerable<Option> Seeding => [_seedPerItem];

    /// <summary>Those about what is made of the generated texts.</summary>
    public IEnumerable<Option> Reading => [_afterLastColon, _blankVotes, _queryPrefix, _cataloguePrefix, _doubleCosines, _ties];

    public IEnumerable<Option> All => [.. Prompting, .. Seeding, .. Reading];

    /// <summary>Those that have no effect where nothing is embedded.</summary>
    public IEnumerable<Option> OfEmbeddings => [_queryPrefix, _cataloguePrefix, _doubleCosines];

    public MiningOptions Read(ParseResult parsed, MiningOptions preset) => preset with
    {
        SeedPerItem = parsed.GetValue(_seedPerItem) ?? preset.SeedPerItem,
        Demonstrations = preset.Demonstrations with
        {
            Selection = parsed.GetValue(_demonstrations) ?? preset.Demonstrations.Selection,
            DrawForEachDistractor = parsed.GetValue(_drawnFor) is { } drawnFor ? drawnFor == "distractor" : preset.Demonstrations.DrawForEachDistractor,
            FallbackDropsExactMatches = parsed.GetValue(_fallbackDrops) ?? preset.Demonstrations.FallbackDropsExactMatches,
        },
        Prompt = preset.Prompt with
        {
            DropDemonstrationsToFit = parsed.GetValue(_fit) ?? preset.Prompt.DropDemonstrationsToFit,
            Layout = parsed.GetValue(_layout) ?? preset.Prompt.Layout,
            Instruction = parsed.GetValue(_instruction) switch { null => preset.Prompt.Instruction, "none" or "" => null, var text => text },
            IncludeTopic = parsed.GetValue(_topic) ?? preset.Prompt.IncludeTopic,
            CleanNames = parsed.GetValue(_cleanNames) ?? preset.Prompt.CleanNames,
        },
        Hypotheses = preset.Hypotheses with
        {
            AfterLastColon = parsed.GetValue(_afterLastColon) ?? preset.Hypotheses.AfterLastColon,
            BlankVotes = parsed.GetValue(_blankVotes) ?? preset.Hypotheses.BlankVotes,
        },
        Embedding = preset.Embedding with
        {
            QueryPrefix = parsed.GetValue(_queryPrefix) ?? preset.Embedding.QueryPrefix,
            CataloguePrefix = parsed.GetValue(_cataloguePrefix) ?? preset.Embedding.CataloguePrefix,
            CleanNames = parsed.GetValue(_cleanNames) ?? preset.Embedding.CleanNames,
            CosinesInDouble = parsed.GetValue(_doubleCosines) ?? preset.Embedding.CosinesInDouble,
        },
        Fusion = preset.Fusion with { Ties = parsed.GetValue(_ties) ?? preset.Fusion.Ties },
    };
}
