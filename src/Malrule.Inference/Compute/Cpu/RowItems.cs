namespace Malrule.Inference.Compute.Cpu;

/// <summary>Cuts the rows of an elementwise operation into items large enough to be worth another thread's while.</summary>
internal readonly record struct RowItems(int Rows, int PerItem)
{
    private const int ElementsPerItem = 16 * 1024;

    public static RowItems Of(int rows, int columns) => new(rows, Math.Max(1, ElementsPerItem / columns));

    public int Count => (Rows + PerItem - 1) / PerItem;
    public int First(int item) => item * PerItem;
    public int End(int item) => Math.Min(Rows, (item + 1) * PerItem);
}
