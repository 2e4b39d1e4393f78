namespace Malrule.Inference;

/// <summary>How a check came out.</summary>
public enum CheckVerdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>The model can be used, but something deserves a look.</summary>
    Warning,

    /// <summary>Something is wrong with the model.</summary>
    Failed,

    /// <summary>Could not be checked; the text says why.</summary>
    Skipped,
}

/// <summary>One thing that was checked.</summary>
/// <param name="Name">One word, such as "tensors".</param>
/// <param name="Verdict">How it came out.</param>
/// <param name="Found">What was found, in one line.</param>
public sealed record ModelCheck(string Name, CheckVerdict Verdict, string Found)
{
    /// <summary>One line for each thing that is not well, and what to do about it.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>The numbers behind <see cref="Found"/>, by name.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>();
}

/// <summary>A file of the checkpoint.</summary>
/// <param name="Name">Its path within the folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its content, lower-case hexadecimal.</param>
/// <param name="Matches">Whether its content has the hash it was published with; null where no published hash is at hand.</param>
public sealed record VerifiedFile(string Name, long Bytes, string Sha256, bool? Matches);

/// <summary>What <see cref="ModelVerification"/> found.</summary>
public sealed record ModelVerificationReport
{
    /// <summary>The model as it was asked for.</summary>
    public required string Model { get; init; }

    /// <summary>Its folder.</summary>
    public required string Directory { get; init; }

    /// <summary>Every check, in the order they were made.</summary>
    public required IReadOnlyList<ModelCheck> Checks { get; init; }

    /// <summary>Every file that the engine reads.</summary>
    public required IReadOnlyList<VerifiedFile> Files { get; init; }

    /// <summary>Whether no check failed.</summary>
    public bool Passed => Checks.All(check => check.Verdict != CheckVerdict.Failed);
}
