namespace Malrule.Inference.Compute;

/// <summary>
/// Cosines and sines of rotary embeddings, [position, headDim/2], made once in double and rounded to fp32 as Hugging Face does:
/// angle = position · base^(−2i/headDim), the frequency itself rounded to fp32 first.
/// </summary>
internal sealed class Rope
{
    public Rope(int positions, int headDim, double theta, RopeScaling? scaling = null)
    {
        (Positions, HalfDim) = (positions, headDim / 2);
        Cos = new float[positions * HalfDim];
        Sin = new float[positions * HalfDim];
        for (int i = 0; i < HalfDim; i++)
        {
            float frequency = (float)(1.0 / Math.Pow(theta, 2.0 * i / headDim));
            if (scaling is not null)
                frequency = (float)scaling.Apply(frequency);
            for (int position = 0; position < positions; position++)
            {
                float angle = position * frequency;
                Cos[position * HalfDim + i] = (float)Math.Cos(angle);
                Sin[position * HalfDim + i] = (float)Math.Sin(angle);
            }
        }
    }

    public int Positions { get; }
    public int HalfDim { get; }

    /// <summary>[position, headDim/2]</summary>
    public float[] Cos { get; }

    /// <summary>[position, headDim/2]</summary>
    public float[] Sin { get; }
}
