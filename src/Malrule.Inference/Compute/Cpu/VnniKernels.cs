namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// The generated AVX-512 VNNI kernels, one for each weight form and number of rows in a tile: assembled at first use, some
/// milliseconds, and kept for the life of the process.
/// </summary>
internal sealed unsafe class VnniKernels
{
    private const int Forms = 3;
    private static readonly Lazy<VnniKernels?> Loaded = new(Load);
    private readonly nint[] _entries = new nint[Forms * GemmArguments.MaxRows];

    /// <summary>The kernels; null where the operating system refuses executable pages.</summary>
    public static VnniKernels? Instance => Loaded.Value;

    public delegate* unmanaged[SuppressGCTransition]<GemmArguments*, void> this[WeightForm form, int rows] =>
        (delegate* unmanaged[SuppressGCTransition]<GemmArguments*, void>)_entries[Index(form, rows)];

    private static int Index(WeightForm form, int rows) => (int)form * GemmArguments.MaxRows + rows - 1;

    private static VnniKernels? Load()
    {
        var kernels = new VnniKernels();
        using var code = new MemoryStream();
        foreach (var form in Enum.GetValues<WeightForm>())
        {
            for (int rows = 1; rows <= GemmArguments.MaxRows; rows++)
            {
                code.SetLength(code.Length + 63 & ~63L);
                code.Position = code.Length;
                kernels._entries[Index(form, rows)] = (nint)code.Length;
                VnniAssembly.Write(code, form, rows, windows: OperatingSystem.IsWindows());
            }
        }
        byte* start = ExecutableMemory.Place(code.ToArray());
        if (start == null)
            return null;
        foreach (ref nint entry in kernels._entries.AsSpan())
            entry += (nint)start;
        return kernels;
    }
}
