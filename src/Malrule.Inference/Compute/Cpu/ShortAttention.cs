using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Bidirectional attention of one head over a sequence short enough for all its scores at once. They stand [keys, queries], so that every
/// maximum and sum goes over keys lane by lane, and keys and values are read where they stand. A query's arithmetic depends on its
/// sequence alone.
/// </summary>
internal static unsafe class ShortAttention<S, V> where S : ISimd<V> where V : unmanaged
{
    public const int MaxTokens = 64;

    /// <summary>Queries of a tile: the lanes of two registers.</summary>
    private static int Tile => MicroKernel<S, V, Assign<S, V>>.Columns;

    /// <summary>Longer sequences, and heads that are not whole tiles wide, are not served.</summary>
    public static bool Serves(int tokens, int headDim) => tokens <= MaxTokens && headDim % Tile == 0;

    /// <summary>fp32 values of scratch memory.</summary>
    public static int ScratchSize(int headDim) => (headDim + MaxTokens) * Tile;

    /// <param name="queries">[tokens, headDim], rows <paramref name="stride"/> values apart, as are keys and values.</param>
    /// <param name="keys">Likewise.</param>
    /// <param name="values">Likewise.</param>
    /// <param name="stride">Values from a token to the next.</param>
    /// <param name="tokens">1…<see cref="MaxTokens"/>.</param>
    /// <param name="headDim">A multiple of the tile's lanes.</param>
    /// <param name="scale">Multiplies the scores.</param>
    /// <param name="output">[tokens, headDim].</param>
    /// <param name="outputStride">Values from a token of the output to the next.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> values.</param>
    public static void Run(float* queries, float* keys, float* values, nint stride, int tokens, int headDim, float scale, float* output, nint outputStride, float* scratch)
    {
        int tile = Tile;
        float* transposed = scratch, scores = scratch + headDim * tile;
        for (int first = 0; first < tokens; first += tile)
        {
            int count = Math.Min(tile, tokens - first);
            Transpose(queries + first * stride, stride, count, headDim, scale, transposed);
            for (int key = 0; key < tokens; key += MicroKernel<S, V, Assign<S, V>>.Rows)
            {
                MicroKernel<S, V, Assign<S, V>>.Run(keys + key * stride, stride, Math.Min(MicroKernel<S, V, Assign<S, V>>.Rows, tokens - key),
                    transposed, tile, headDim, scores + key * tile, tile, null);
            }
            Softmax(scores, tokens);
            for (int query = 0; query < count; query += MicroKernel<S, V, Assign<S, V>>.Rows)
            {
                int rows = Math.Min(MicroKernel<S, V, Assign<S, V>>.Rows, count - query);
                for (int d = 0; d < headDim; d += tile)
                {
                    MicroKernel<S, V, Assign<S, V>>.Run(scores + query, 1, rows, values + d, stride, tokens,
                        output + (first + query) * outputStride + d, outputStride, null, aStep: tile);
                }
            }
        }
    }

    /// <summary>source [count, headDim] → destination [headDim, tile], scaled; lanes past <paramref name="count"/> keep what they held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, nint stride, int count, int headDim, float scale, float* destination)
    {
        int tile = Tile;
        for (int query = 0; query < count; query++, source += stride)
        {
            float* to = destination + query;
            for (int d = 0; d < headDim; d++, to += tile)
                *to = source[d] * scale;
        }
    }

    /// <summary>Turns scores [keys, tile] into weights that sum to 1 over the keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* scores, int keys)
    {
        int tile = Tile;
        for (float* lanes = scores; lanes < scores + tile; lanes += S.Width)
        {
            float* end = lanes + keys * tile;
            V max = S.Load(lanes), sum = S.Broadcast(0);
            for (float* score = lanes + tile; score < end; score += tile)
                max = S.Max(max, S.Load(score));
            for (float* score = lanes; score < end; score += tile)
            {
                V weight = VectorMath.ExpOfNegative<S, V>(S.Subtract(S.Load(score), max));
                sum = S.Add(sum, weight);
                S.Store(score, weight);
            }
            V inverse = S.Divide(S.Broadcast(1), sum);
            for (float* score = lanes; score < end; score += tile)
                S.Store(score, S.Multiply(S.Load(score), inverse));
        }
    }
}
