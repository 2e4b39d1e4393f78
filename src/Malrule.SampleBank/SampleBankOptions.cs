using Malrule.Inference;

namespace Malrule.SampleBank;

/// <summary>Which wordings the stems to be mined have.</summary>
public enum StemWordings
{
    /// <summary>Those that the bundled models were trained on.</summary>
    Train,

    /// <summary>Those kept out of all training. The labelled questions of <c>train.csv</c> keep the ordinary ones.</summary>
    HeldOut,
}

/// <summary>What bank to make. The same options make the same bytes on every machine.</summary>
public sealed record SampleBankOptions
{
    /// <summary>Every seed makes another bank.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Questions in all files together, 60 to 3,000: 60 % to learn from, 33 % to mine, 7 % on kept-out misconceptions.</summary>
    public int Questions { get; init; } = 600;

    /// <summary>Wordings of the questions to mine.</summary>
    public StemWordings Wordings { get; init; }

    /// <summary>
    /// Whether misconceptions kept out of all training label questions of <c>train.csv</c>, so that prompts may demonstrate them;
    /// otherwise they occur in <c>kept-out.csv</c> only.
    /// </summary>
    public bool LabelKeptOut { get; init; }

    /// <summary>Checks the fields.</summary>
    /// <exception cref="InvalidInputException">A field is outside its range.</exception>
    public void Validate()
    {
        if (Questions is < 60 or > 3000)
            throw new InvalidInputException($"A sample bank has 60 to 3000 questions; {Questions} were asked for. Choose a number in this range, or make several banks with different seeds.");
        if (!Enum.IsDefined(Wordings))
            throw new InvalidInputException($"Unknown wordings {Wordings}. Choose {StemWordings.Train} or {StemWordings.HeldOut}.");
    }
}
