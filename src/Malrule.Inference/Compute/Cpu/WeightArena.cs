namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Memory of a backend's weights, taken layer by layer from regions of many huge pages: a layer is often smaller than a huge page, and
/// one of its own, or ordinary pages, would cost memory or bandwidth. All of it goes back at once.
/// </summary>
internal sealed unsafe class WeightArena : IDisposable
{
    private const long RegionBytes = 64L << 20; // untouched pages cost nothing where memory is mapped

    private readonly List<NativeBuffer> _regions = [];
    private byte* _next;
    private long _left;

    /// <summary>Zeroed memory at a cache line's start, valid until <see cref="Dispose"/>.</summary>
    public byte* Take(long bytes)
    {
        long whole = bytes + NativeBuffer.Alignment - 1 & -NativeBuffer.Alignment;
        if (whole >= RegionBytes)
            return Region(whole).Data;
        if (whole > _left)
        {
            _next = Region(RegionBytes).Data;
            _left = RegionBytes;
        }
        byte* taken = _next;
        _next += whole;
        _left -= whole;
        return taken;
    }

    public void Dispose()
    {
        foreach (var region in _regions)
            region.Dispose();
        _regions.Clear();
    }

    private NativeBuffer Region(long bytes)
    {
        var region = new NativeBuffer(bytes);
        _regions.Add(region);
        return region;
    }
}
