using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// int8 activations times 4-bit or 8-bit weights: cuts a product into tasks for any number of threads, and each task into blocks that
/// suit the caches. Whatever the cut, an output is bias + Σ over groups of k, ascending, so the bits never depend on it.
/// <para>One tile of rows (decode) streams the packed weights through a kernel that unpacks them in registers. More rows (prefill): the rows of
/// a block and a stretch of k stay in the second-level cache; 16 columns × 1,024 k are unpacked into the first-level one and
/// serve every tile of the block.</para>
/// </summary>
internal sealed unsafe class FastGemm
{
    private const int Columns = Panels.Width;
    private const int ChunkDepth = 1024;      // k unpacked at a time
    private const int BlockTiles = 18;        // tiles of a row block
    private const int BlockBytes = 640 << 10; // activations that stay in the second-level cache
    private const int DirectTiles = 3;        // up to which unpacking in registers is cheaper
    private const int TasksPerThread = 4;     // at least, for balance
    private const int PrefetchAhead = 6144;   // bytes; streaming from memory

    private readonly int _threads;
    private readonly VnniKernels? _generated;
    private readonly delegate*<GemmArguments*, int, bool, void> _managed;

    public FastGemm(KernelPath path, int threads)
    {
        _threads = threads;
        _generated = path == KernelPath.Vnni ? VnniKernels.Instance : null;
        _managed = path switch
        {
            KernelPath.Portable => &ManagedKernel<PortableDot, Simd128, Vector128<float>>.Run,
            KernelPath.Avx2 => &ManagedKernel<Avx2Dot, Simd256, Vector256<float>>.Run,
            KernelPath.AvxVnni => &ManagedKernel<AvxVnniDot, Simd256, Vector256<float>>.Run,
            _ => &ManagedKernel<Avx512Dot, Simd512, Vector512<float>>.Run,
        };
    }

    /// <summary>Bytes of scratch memory a thread needs.</summary>
    public const int ScratchBytes = ChunkDepth * Columns + ChunkDepth / QuantizedRows.Subgroup * 2 * Columns * sizeof(float);

    public int Tasks(QuantizedPanels panels, in QuantizedRows rows) => RowBlocks(rows) * PanelBlocks(panels, rows);

    /// <summary>Most rows of a block.</summary>
    public const int MaxBlockRows = BlockTiles * GemmArguments.MaxRows;

    /// <summary>So few rows that the weights set the pace.</summary>
    public static bool IsStream(in QuantizedRows rows) => rows.Tiles == 1;

    /// <summary>Blocks of rows whose activations stay in the second-level cache.</summary>
    public static int RowBlocks(in QuantizedRows rows) => (rows.Tiles + BlockTiles - 1) / BlockTiles;

    /// <summary>The tiles of a block of rows.</summary>
    public static (int First, int End) TilesOf(in QuantizedRows rows, int rowBlock) =>
        (Part(rows.Tiles, rowBlock, RowBlocks(rows)), Part(rows.Tiles, rowBlock + 1, RowBlocks(rows)));

    /// <summary>Neighbouring panels go to one thread: long stretches where few rows stream the weights from memory, short ones where many rows share them.</summary>
    private int PanelBlocks(QuantizedPanels panels, in QuantizedRows rows)
    {
        int longest = rows.Tiles == 1 ? 32 : 8;
        return Math.Min(panels.Count, Math.Max(_threads * TasksPerThread, (panels.Count + longest - 1) / longest));
    }

    /// <summary>Computes one task's share of output = bias + input · weights.</summary>
    /// <param name="panels">The weights.</param>
    /// <param name="rows">The input.</param>
    /// <param name="task">0…<see cref="Tasks"/> − 1.</param>
    /// <param name="scratch">The thread's own <see cref="ScratchBytes"/>.</param>
    /// <param name="bias">A value for each column of every panel, the last one's spare columns included.</param>
    /// <param name="output">[rows, stride]; spare columns of the last panel are written too.</param>
    /// <param name="stride">Values from a row of the output to the next.</param>
    public void Run(QuantizedPanels panels, in QuantizedRows rows, int task, byte* scratch, float* bias, float* output, long stride)
    {
        int panelBlocks = PanelBlocks(panels, rows), panelBlock = task % panelBlocks;
        var tiles = TilesOf(rows, task / panelBlocks);
        Run(panels, rows, tiles.First, tiles.End, Part(panels.Count, panelBlock, panelBlocks), Part(panels.Count, panelBlock + 1, panelBlocks),
            scratch, bias, output, stride);
    }

    /// <summary>Computes some tiles of rows by some panels of columns; <paramref name="output"/> is where row 0 and column 0 are, or would be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(QuantizedPanels panels, in QuantizedRows rows, int firstTile, int endTile, int firstPanel, int endPanel,
        byte* scratch, float* bias, float* output, long stride)
    {
        bool inPlace = _generated != null && (panels.Form == WeightForm.Int8 || rows.Tiles <= DirectTiles);
        int chunk = inPlace && rows.Tiles == 1 ? panels.Groups : ChunkDepth / panels.GroupSize;
        int blockRows = rows.FirstRow(endTile) - rows.FirstRow(firstTile);
        int stretch = Math.Max(1, BlockBytes / (blockRows * QuantizedRows.BytesPerGroup(panels.GroupSize)) / chunk) * chunk;
        for (int start = 0; start < panels.Groups; start += stretch)
        {
            int end = Math.Min(start + stretch, panels.Groups);
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                for (int group = start; group < end; group += chunk)
                {
                    int groups = Math.Min(chunk, end - group);
                    if (rows.Tiles == 1)
                        PrefetchGap(panels, panel);
                    float* scales = (float*)(scratch + ChunkDepth * Columns);
                    var arguments = new GemmArguments
                    {
                        Weights = inPlace ? panels.Lines(panel, group) : panels.Unpack(panel, group, groups, scratch, scales),
                        Scales = inPlace ? panels.Scales(panel, group) : (byte*)scales,
                        Prefetch = rows.Tiles == 1 ? panels.Lines(panel) + PrefetchAhead : panels.Lines(panel, group + groups),
                        OutputStride = stride * sizeof(float),
                        Groups = groups,
                        Subgroups = panels.GroupSize / QuantizedRows.Subgroup,
                    };
                    Multiply(inPlace ? panels.Form : WeightForm.Unpacked, wide: panels.Form == WeightForm.Int8, arguments, rows, firstTile, endTile, group,
                        group == 0 ? bias + panel * Columns : null, output + panel * Columns);
                }
            }
        }
    }

    /// <summary>The kernel fetches ahead as many lines as it reads; the bytes of a panel's scales are missing from that, and made up for here.</summary>
    private static void PrefetchGap(QuantizedPanels panels, int panel)
    {
        byte* end = panels.Lines(panel) + PrefetchAhead;
        for (byte* line = panels.Panel(panel) + PrefetchAhead; line < end && Sse.IsSupported; line += 64)
            Sse.Prefetch1(line);
    }

    /// <summary>Where part <paramref name="index"/> of <paramref name="count"/> starts.</summary>
    private static int Part(int total, int index, int count) => (int)((long)total * index / count);

    /// <summary>A chunk of a panel times the tiles of a row block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(WeightForm form, bool wide, GemmArguments chunk, in QuantizedRows rows, int firstTile, int lastTile, int group,
        float* bias, float* output)
    {
        for (int tile = firstTile; tile < lastTile; tile++)
        {
            var arguments = chunk;
            int count = rows.RowsOf(tile);
            arguments.Activations = rows.Start(tile, group);
            arguments.Output = (float*)((byte*)output + rows.FirstRow(tile) * chunk.OutputStride);
            arguments.Initial = bias != null ? bias : arguments.Output;
            arguments.InitialStride = bias != null ? 0 : chunk.OutputStride;
            if (_generated != null)
                _generated[form, count](&arguments);
            else
                _managed(&arguments, count, wide);
            chunk.Prefetch = chunk.Weights; // the first tile has fetched the next chunk
        }
    }
}
