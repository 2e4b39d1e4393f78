namespace Malrule.Mining;

/// <summary>The parts of a run, in order.</summary>
public enum MiningStage
{
    /// <summary>Reading questions and catalogue.</summary>
    Reading,

    /// <summary>Loading the language model.</summary>
    LoadingModel,

    /// <summary>Generating hypotheses; the unit is a distractor.</summary>
    Generating,

    /// <summary>Loading the embedder.</summary>
    LoadingEmbedder,

    /// <summary>Embedding; the unit is a text.</summary>
    Embedding,

    /// <summary>Ranking; the unit is a distractor.</summary>
    Ranking,

    /// <summary>Asking the language model to put the first candidates in order; the unit is a request, several a distractor.</summary>
    Reranking,

    /// <summary>Writing the results.</summary>
    Writing,
}

/// <summary>How far a run has come. Reports come one after another, but not always on the same thread.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Done">Units of the stage that are done; of generations, those that are safe on the disk, earlier ones included.</param>
/// <param name="Total">All units of the stage; 0 where they are not counted.</param>
public sealed record MiningProgress(MiningStage Stage, int Done = 0, int Total = 0)
{
    /// <summary>A line worth printing once: what was loaded, resumed, or left out.</summary>
    public string? Note { get; init; }

    /// <summary>Prompt tokens a second since generating began, those from the prefix cache included.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second since generating began, all samples together.</summary>
    public double? GeneratedTokensPerSecond { get; init; }

    /// <summary>Share of prompt tokens that the prefix cache saved, 0 to 1.</summary>
    public double? PrefixHitRate { get; init; }

    /// <summary>How long the stage will take from here at the pace so far.</summary>
    public TimeSpan? TimeLeft { get; init; }
}
