using System.Runtime.InteropServices;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Verification;

/// <summary>Whether every tensor is there with its type and shape, and holds numbers.</summary>
internal static class TensorCheck
{
    private const int MostDetails = 20;

    public static void Run(VerifiedModel model, CheckLog log, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        Checkpoint? checkpoint = null;
        using var inventory = new InventoryBackend();
        try
        {
            log.Run("tensors", () =>
            {
                checkpoint = Checkpoint.Open(model.Directory, problems);
                try
                {
                    using var loaded = model.Load(checkpoint, inventory);
                }
                catch (InvalidInputException error)
                {
                    problems.Add(error.Message);
                }
                return Names(checkpoint, inventory, problems);
            });
            if (checkpoint is not null)
                log.Run("values", () => Values(inventory, cancellationToken));
        }
        finally
        {
            checkpoint?.Dispose();
        }
    }

    private static ModelCheck Names(Checkpoint checkpoint, InventoryBackend inventory, List<string> problems)
    {
        if (problems.Count > 0)
            return new ModelCheck("tensors", CheckVerdict.Failed, $"{Count(problems.Count, "tensor")} missing or wrong: an incomplete download, or not the files of this config.json") { Details = Shorten(problems) };
        string found = FormattableString.Invariant($"{inventory.Tensors.Count} of {inventory.Tensors.Count} there, with the shapes that config.json asks for");
        return checkpoint.Unused.Count == 0 ? new ModelCheck("tensors", CheckVerdict.Ok, found)
            : new ModelCheck("tensors", CheckVerdict.Ok, $"{found}; {checkpoint.Unused.Count} more that the model does not use ({string.Join(", ", checkpoint.Unused.Take(3))}{(checkpoint.Unused.Count > 3 ? ", …" : "")})");
    }

    private static ModelCheck Values(InventoryBackend inventory, CancellationToken cancellationToken)
    {
        var tensors = inventory.Tensors.Where(HasData).ToArray();
        var broken = new string?[tensors.Length];
        var empty = new string?[tensors.Length];
        Parallel.For(0, tensors.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            var (notFinite, allZero) = Scan(tensors[i]);
            SourcePages.Drop(tensors[i]);
            if (notFinite > 0)
                broken[i] = FormattableString.Invariant($"'{tensors[i].Name}' holds {notFinite} values that are not finite, of {tensors[i].Count}");
            else if (allZero && tensors[i].Shape.Length > 1)
                empty[i] = $"'{tensors[i].Name}' holds nothing but zeros";
        });
        string[] failures = [.. broken.OfType<string>()], warnings = [.. empty.OfType<string>()];
        if (failures.Length > 0)
            return new ModelCheck("values", CheckVerdict.Failed, $"{Count(failures.Length, "tensor")} damaged: download the weights again") { Details = Shorten([.. failures, .. warnings]) };
        return warnings.Length > 0
            ? new ModelCheck("values", CheckVerdict.Warning, $"{Count(warnings.Length, "tensor")} of zeros only: part of a file may never have been written") { Details = Shorten(warnings) }
            : new ModelCheck("values", CheckVerdict.Ok, FormattableString.Invariant($"{tensors.Sum(tensor => tensor.Count) / 1e6:0.0} million, all finite"));
    }

    private static unsafe bool HasData(DenseTensor tensor) => tensor.Data is not null;

    private static unsafe (long NotFinite, bool AllZero) Scan(DenseTensor tensor)
    {
        long notFinite = 0, bytes = tensor.Count * tensor.ElementSize;
        bool allZero = true;
        for (long first = 0; first < bytes; first += 1 << 20)
        {
            var part = new ReadOnlySpan<byte>(tensor.Data + first, (int)Math.Min(1 << 20, bytes - first));
            allZero &= !part.ContainsAnyExcept((byte)0);
            notFinite += tensor.DType switch
            {
                DType.F16 => NotFinite<ushort>(part, 0x7C00),
                DType.BF16 => NotFinite<ushort>(part, 0x7F80),
                DType.F32 => NotFinite<uint>(part, 0x7F80_0000),
                _ => 0,
            };
        }
        return (notFinite, allZero);
    }

    /// <summary>Values whose exponent has every bit set: infinities and not-a-numbers.</summary>
    private static long NotFinite<T>(ReadOnlySpan<byte> part, T exponent) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        long count = 0;
        foreach (T bits in MemoryMarshal.Cast<byte, T>(part))
            if ((bits & exponent) == exponent)
                count++;
        return count;
    }

    private static string Count(int count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    private static IReadOnlyList<string> Shorten(IReadOnlyList<string> lines) =>
        lines.Count <= MostDetails ? lines : [.. lines.Take(MostDetails), $"… and {lines.Count - MostDetails} more"];
}
