namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Weights of one linear layer regrouped for the kernels in panels of <see cref="Width"/> output columns, each contiguous, so that it is
/// read from front to back. Packed once at load, task by task, by any threads.
/// </summary>
internal abstract unsafe class Panels
{
    /// <summary>Columns of a panel: the 32-bit lanes of a 512-bit register.</summary>
    public const int Width = 16;

    private byte* _data;

    protected Panels(int inputs, int outputs, long panelBytes)
    {
        (Inputs, Outputs, PanelBytes) = (inputs, outputs, panelBytes);
        Count = (outputs + Width - 1) / Width;
    }

    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Panels; columns that fill up the last one have weights 0.</summary>
    public int Count { get; }

    public long PanelBytes { get; }
    public long Bytes => PanelBytes * Count;

    public byte* Panel(int panel) => _data + panel * PanelBytes;

    /// <summary>Gives the panels their memory: <see cref="Bytes"/> zeros. Comes before <see cref="Pack"/>.</summary>
    public void Place(byte* zeros) => _data = zeros;

    /// <summary>Independent pieces of the packing.</summary>
    public abstract int PackTasks { get; }

    public abstract void Pack(int task);
}

/// <summary>Panels that exact mode reads as fp32.</summary>
internal unsafe interface IWidePanels
{
    /// <summary>Weights k … k + count of a panel in fp32 [count, stride]; 128 divides k.</summary>
    void Widen(int panel, int k, int count, float* destination, int stride);
}

/// <summary>
/// Integer weights in groups along k, as the kernels of fast mode read them: of each panel first the scales (and zeros) of its groups, then
/// its lines (see <see cref="WeightForm"/>).
/// </summary>
internal abstract unsafe class QuantizedPanels : Panels
{
    protected const int Line = 64;
    private readonly int _headerBytes;
    private readonly long _linesOffset;

    protected QuantizedPanels(WeightForm form, int inputs, int outputs, int groupSize)
        : base(inputs, outputs, LinesOffset(form, inputs, groupSize) + (long)GroupCount(inputs, groupSize) * LineBytes(form, groupSize))
    {
        (Form, GroupSize, Groups) = (form, groupSize, GroupCount(inputs, groupSize));
        GroupBytes = LineBytes(form, groupSize);
        _headerBytes = HeaderBytes(form);
        _linesOffset = LinesOffset(form, inputs, groupSize);
    }

    public WeightForm Form { get; }

    /// <summary>Weights along k that share a scale.</summary>
    public int GroupSize { get; }
    public int Groups { get; }

    /// <summary>Bytes of a panel's lines of one group.</summary>
    public int GroupBytes { get; }

    /// <summary>Bytes of the scales and zeros of one group of a panel.</summary>
    public static int HeaderBytes(WeightForm form) => form switch
    {
        WeightForm.Int4 => 40,
        WeightForm.Int8 => 32,
        _ => 128,
    };

    public byte* Scales(int panel, int group) => Panel(panel) + (long)group * _headerBytes;
    public byte* Lines(int panel, int group = 0) => Panel(panel) + _linesOffset + (long)group * GroupBytes;

    /// <summary>
    /// Makes some groups of a panel what <see cref="WeightForm.Unpacked"/> says: fills <paramref name="scales"/>, and returns the bytes, in place or
    /// unpacked to <paramref name="lines"/>.
    /// </summary>
    public abstract byte* Unpack(int panel, int group, int groups, byte* lines, float* scales);

    private static int GroupCount(int inputs, int groupSize) => (inputs + groupSize - 1) / groupSize;
    private static int LineBytes(WeightForm form, int groupSize) => groupSize * Width / (form == WeightForm.Int4 ? 2 : 1);

    private static long LinesOffset(WeightForm form, int inputs, int groupSize) =>
        (long)GroupCount(inputs, groupSize) * HeaderBytes(form) + Line - 1 & -Line;
}
