using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>output[firstRow + i] (+)= table[ids[i]], widened to fp32.</summary>
internal unsafe struct EmbedRows<S, V>(RowItems rows, int* ids, DenseTensor table, CpuTensor output, int firstRow, bool add) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        for (int row = rows.First(item); row < rows.End(item); row++)
        {
            long first = (long)ids[row] * output.Columns;
            float* y = output.Row(firstRow + row);
            int j = 0;
            if (table.DType is DType.F16 or DType.F32)
            {
                for (; j + S.Width <= output.Columns; j += S.Width)
                {
                    V value = table.DType == DType.F16 ? S.LoadHalf((ushort*)table.Data + first + j) : S.Load((float*)table.Data + first + j);
                    S.Store(y + j, add ? S.Add(S.Load(y + j), value) : value);
                }
            }

            // other types, and the end of a row, where a vector could reach past the mapped file
            for (; j < output.Columns; j++)
                y[j] = add ? y[j] + table[first + j] : table[first + j];
        }
    }
}
