namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>
/// The weights of the hybrid method's evidence for one misconception, in a conditional logit over the catalogue. A misconception that no other labelled question
/// shows is <em>novel</em>; it has no neighbours of its own, so its other evidence has weights of its own. 0 for evidence that is not there.
/// </summary>
public sealed record HybridWeights
{
    internal const int Count = 10;
    internal const int GateIndex = 2; // of Novel in ToArray()

    /// <summary>Of log(ε + what neighbours give it); for labelled misconceptions only.</summary>
    public double Support { get; init; }

    /// <summary>Of the share it has of the most that neighbours give any misconception.</summary>
    public double Leading { get; init; }

    /// <summary>Of being novel: the gate between labelled and novel misconceptions.</summary>
    public double Novel { get; init; }

    /// <summary>Of its name's cosine to the names that the neighbours carry.</summary>
    public double Resemblance { get; init; }

    /// <summary>The same, more for a novel one.</summary>
    public double NovelResemblance { get; init; }

    /// <summary>Of the lexical score.</summary>
    public double Lexical { get; init; }

    /// <summary>The same, more for a novel one.</summary>
    public double NovelLexical { get; init; }

    /// <summary>Of the lexical score times log(ε + the most that neighbours give any misconception): below 0, words count less where neighbours are near.</summary>
    public double LexicalNearby { get; init; }

    /// <summary>Of the inferred texts' fused score, in standard deviations from its mean over the catalogue.</summary>
    public double Inferred { get; init; }

    /// <summary>The same, more for a novel one.</summary>
    public double NovelInferred { get; init; }

    /// <summary>The share of novel labels among what the weights were fitted on.</summary>
    public double UnseenShare { get; init; } = 0.222;

    /// <summary>
    /// What the fit gives on Eedi's 4,370 labelled distractors, with the hypotheses of Qwen2.5-32B for 3,500 of them looked up by words where
    /// inferred evidence counts. Used where there are too few labelled distractors to fit weights of one's own.
    /// </summary>
    public static HybridWeights Default(HybridEvidence evidence) => evidence switch
    {
        HybridEvidence.Lexical => new() { Lexical = 10.8, UnseenShare = 0.247 },
        HybridEvidence.Neighbours =>
            new() { Support = 0.415, Leading = 1.01, Novel = -5.69, Resemblance = 2.53, NovelResemblance = 6.38, UnseenShare = 0.191 },
        HybridEvidence.Inferred => new() { Inferred = 0.657, UnseenShare = 0.241 },
        HybridEvidence.Lexical | HybridEvidence.Neighbours => new()
        {
            Support = 0.479,
            Leading = 0.918,
            Novel = -5.71,
            Resemblance = 1.64,
            NovelResemblance = 3.15,
            Lexical = 0.858,
            NovelLexical = 5.12,
            LexicalNearby = -1.05,
            UnseenShare = 0.215,
        },
        HybridEvidence.Lexical | HybridEvidence.Inferred => new() { Lexical = 6.26, Inferred = 0.482, UnseenShare = 0.238 },
        HybridEvidence.Neighbours | HybridEvidence.Inferred => new()
        {
            Support = 0.452,
            Leading = 1.10,
            Novel = -5.73,
            Resemblance = 1.29,
            NovelResemblance = 3.62,
            Inferred = 0.310,
            NovelInferred = 0.281,
            UnseenShare = 0.216,
        },
        _ => new()
        {
            Support = 0.481,
            Leading = 0.990,
            Novel = -5.77,
            Resemblance = 1.19,
            NovelResemblance = 2.94,
            Lexical = -1.53,
            NovelLexical = 2.58,
            LexicalNearby = -0.856,
            Inferred = 0.300,
            NovelInferred = 0.185,
            UnseenShare = 0.218,
        },
    };

    internal double[] ToArray() => [Support, Leading, Novel, Resemblance, NovelResemblance, Lexical, NovelLexical, LexicalNearby, Inferred, NovelInferred];

    internal static HybridWeights Of(double[] values, double unseenShare) => new()
    {
        Support = values[0],
        Leading = values[1],
        Novel = values[2],
        Resemblance = values[3],
        NovelResemblance = values[4],
        Lexical = values[5],
        NovelLexical = values[6],
        LexicalNearby = values[7],
        Inferred = values[8],
        NovelInferred = values[9],
        UnseenShare = unseenShare,
    };
}
