using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Reads weights as rows [outputs, inputs] in fp32; layers that share their input count on one after the other.</summary>
internal sealed unsafe class DenseRows
{
    private readonly LinearSource[] _parts;

    public DenseRows(ReadOnlySpan<LinearSource> parts)
    {
        _parts = parts.ToArray();
        Outputs = _parts.Sum(part => part.Outputs);
        Inputs = _parts[0].Inputs;
        var types = _parts.Select(part => part is DenseLinear dense ? dense.Weight.DType : DType.F32).Distinct().ToArray();
        Type = types.Length == 1 ? types[0] : DType.F32;
    }

    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>An element type that holds every weight exactly.</summary>
    public DType Type { get; }

    /// <summary>Weights k … k + count of an output.</summary>
    public void Read(int output, int k, int count, float* destination)
    {
        var (part, row) = Locate(output);
        if (part is DenseLinear { Weight: var tensor })
        {
            Widen(tensor.DType, tensor.Data + ((long)row * Inputs + k) * tensor.ElementSize, count, destination);
            return;
        }
        for (int i = 0; i < count; i++)
            destination[i] = part[row, k + i];
    }

    /// <summary>The weights of an output where they stand, if their type is 16 bits wide and so is <see cref="Type"/>.</summary>
    public ushort* Halves(int output)
    {
        var (part, row) = Locate(output);
        return (ushort*)((DenseLinear)part).Weight.Data + (long)row * Inputs;
    }

    /// <summary>Lets the memory of some outputs' weights go.</summary>
    public void Drop(int firstOutput, int count)
    {
        for (int output = firstOutput; output < firstOutput + count;)
        {
            var (part, row) = Locate(output);
            int rows = Math.Min(firstOutput + count - output, part.Outputs - row);
            if (part is DenseLinear { Weight: var tensor })
                SourcePages.Drop(tensor, (long)row * Inputs * tensor.ElementSize, (long)rows * Inputs * tensor.ElementSize);
            output += rows;
        }
    }

    private (LinearSource Part, int Row) Locate(int output)
    {
        int index = 0;
        while (output >= _parts[index].Outputs)
            output -= _parts[index++].Outputs;
        return (_parts[index], output);
    }

    /// <summary>fp16, bf16 or fp32 elements as fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(DType type, byte* source, long count, float* destination)
    {
        long i = 0;
        switch (type)
        {
            case DType.F16:
                for (; i <= count - 16; i += 16)
                    HalfFloats.FromHalf((ushort*)source + i).Store(destination + i);
                for (; i < count; i++)
                    destination[i] = (float)((Half*)source)[i];
                break;
            case DType.BF16:
                for (; i <= count - 16; i += 16)
                    HalfFloats.FromBFloat((ushort*)source + i).Store(destination + i);
                for (; i < count; i++)
                    destination[i] = HalfFloats.FromBFloat(((ushort*)source)[i]);
                break;
            case DType.F32:
                Buffer.MemoryCopy(source, destination, count * sizeof(float), count * sizeof(float));
                break;
            default:
                throw new InvalidOperationException($"{type} weights are not floating point.");
        }
    }
}
