using Malrule.Inference.Compute;

namespace Malrule.Inference.Models;

/// <summary>A bidirectional encoder: token ids in, one hidden state a token out.</summary>
internal interface IEncoder : IDisposable
{
    int HiddenSize { get; }
    int VocabSize { get; }

    /// <summary>Longest sequence it can embed, in tokens.</summary>
    int MaxTokens { get; }

    /// <summary>Weights that every token is multiplied with: all linear layers.</summary>
    long BodyWeights { get; }

    /// <summary>Bytes of them as packed.</summary>
    long WeightBytes { get; }

    /// <summary>
    /// Encodes sequences laid end to end, without padding: sequence i is tokens offsets[i]…offsets[i+1]. The result
    /// [tokens, hidden] is valid until the next call.
    /// </summary>
    Tensor Forward(ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> offsets);

    /// <summary>Where a row of the last call first met a value that is not finite; −1: nowhere.</summary>
    int FirstBadLayer(int row);
}
