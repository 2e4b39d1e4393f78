namespace Malrule.Inference.Compute;

/// <summary>
/// Llama 3's stretching of rotary embeddings past the positions a model was first trained for: a frequency that turns fewer than
/// <paramref name="LowFrequencyFactor"/> times within them is divided by <paramref name="Factor"/>, one that turns more than
/// <paramref name="HighFrequencyFactor"/> times is kept, those between are blended.
/// </summary>
internal sealed record RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalPositions)
{
    /// <param name="frequency">Radians a position.</param>
    public double Apply(double frequency)
    {
        double turns = OriginalPositions * frequency / (2 * Math.PI);
        double kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
        return frequency * (kept + (1 - kept) / Factor);
    }
}
