using Malrule.Inference.Compute;

namespace Malrule.Inference.Models;

/// <summary>Activations that every encoder needs, for up to <paramref name="maxRows"/> tokens at once.</summary>
internal sealed class EncoderWorkspace(Backend backend, int maxRows, AttentionShape attention, int hidden) : IDisposable
{
    private readonly int[] _positions = new int[maxRows];
    private readonly int[] _zeros = new int[maxRows];

    public Tensor X { get; } = backend.Allocate(maxRows, hidden);
    public Tensor Qkv { get; } = backend.Allocate(maxRows, attention.QkvColumns);
    public Tensor Attention { get; } = backend.Allocate(maxRows, attention.Heads * attention.HeadDim);
    public Tensor Delta { get; } = backend.Allocate(maxRows, hidden);
    public RowFaults Faults { get; } = new(maxRows);

    public void Deconstruct(out Tensor x, out Tensor qkv, out Tensor attention, out Tensor delta, out RowFaults faults) =>
        (x, qkv, attention, delta, faults) = (X, Qkv, Attention, Delta, Faults);

    /// <summary>The position of every token within its own sequence.</summary>
    public ReadOnlySpan<int> PositionsOf(ReadOnlySpan<int> offsets)
    {
        for (int i = 0; i + 1 < offsets.Length; i++)
            for (int row = offsets[i]; row < offsets[i + 1]; row++)
                _positions[row] = row - offsets[i];
        return _positions.AsSpan(0, offsets[^1]);
    }

    public ReadOnlySpan<int> Zeros(int rows) => _zeros.AsSpan(0, rows);

    public void Dispose()
    {
        X.Dispose();
        Qkv.Dispose();
        Attention.Dispose();
        Delta.Dispose();
    }
}
