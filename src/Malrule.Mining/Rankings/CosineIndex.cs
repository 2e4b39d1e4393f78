using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>
/// The catalogue's embeddings laid out for cosines at the speed of fp32 multiply-adds: rows normalised and packed in panels of 32,
/// <c>[panel, dimensions, 32]</c>, and queries taken six rows at a time against one panel, so that twelve accumulators stay in registers.
/// Every cosine is one chain of fused multiply-adds over ascending k, hence the same bits at any vector width, batch and thread count.
/// Immutable, so safe for concurrent use.
/// </summary>
public sealed class CosineIndex
{
    private const int PanelColumns = 32;
    private const int TileRows = 6;
    private const int BlockRows = 96;

    private readonly MisconceptionCatalogue _catalogue;
    private readonly float[][] _panels;
    private readonly bool _wide;

    /// <summary>Packs the embeddings of all names of <paramref name="catalogue"/>, row i being the i-th item's.</summary>
    /// <exception cref="MalruleException">A row holds a NaN or an infinity.</exception>
    public CosineIndex(MisconceptionCatalogue catalogue, EmbeddingMatrix embeddings) : this(catalogue, embeddings, Vector512.IsHardwareAccelerated) { }

    internal CosineIndex(MisconceptionCatalogue catalogue, EmbeddingMatrix embeddings, bool wide)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(embeddings);
        if (catalogue.Count != embeddings.Count)
            throw new ArgumentException($"The catalogue has {catalogue.Count} misconceptions but there are {embeddings.Count} embeddings.", nameof(embeddings));
        (_catalogue, Dimensions, _wide) = (catalogue, embeddings.Dimensions, wide);
        _panels = new float[(catalogue.Count + PanelColumns - 1) / PanelColumns][];
        for (int panel = 0; panel < _panels.Length; panel++)
        {
            float[] packed = _panels[panel] = new float[Dimensions * PanelColumns];
            int columns = Math.Min(PanelColumns, catalogue.Count - panel * PanelColumns);
            for (int column = 0; column < columns; column++)
            {
                ReadOnlySpan<float> row = embeddings[panel * PanelColumns + column];
                double scale = InverseNorm(row, "catalogue", panel * PanelColumns + column);
                for (int k = 0; k < Dimensions; k++)
                    packed[k * PanelColumns + column] = (float)(row[k] * scale);
            }
        }
    }

    /// <summary>Length of a vector.</summary>
    public int Dimensions { get; }

    /// <summary>Cosines of some queries with the whole catalogue.</summary>
    /// <param name="queries">[n, Dimensions], row-major.</param>
    /// <param name="scores">[n, catalogue], written.</param>
    public void Scores(ReadOnlySpan<float> queries, Span<float> scores)
    {
        int count = CheckedRows(queries);
        if (scores.Length != (long)count * _catalogue.Count)
            throw new ArgumentException($"{count} queries need {(long)count * _catalogue.Count} scores; there is room for {scores.Length}.", nameof(scores));
        for (int first = 0; first < count; first += BlockRows)
        {
            int rows = Math.Min(BlockRows, count - first);
            float[] block = Normalised(queries.Slice(first * Dimensions, rows * Dimensions), first);
            var tile = new float[Padded(rows) * PanelColumns];
            for (int panel = 0; panel < _panels.Length; panel++)
            {
                Multiply(block, panel, tile);
                int column = panel * PanelColumns, columns = Math.Min(PanelColumns, _catalogue.Count - column);
                for (int row = 0; row < rows; row++)
                    tile.AsSpan(row * PanelColumns, columns).CopyTo(scores[((first + row) * _catalogue.Count + column)..]);
            }
        }
    }

    /// <summary>The <paramref name="top"/> nearest misconceptions of every query, equal cosines by ascending id.</summary>
    /// <param name="queries">One row a query.</param>
    /// <param name="top">Length of the lists.</param>
    /// <param name="threads">How many threads work; 0 for one a core.</param>
    /// <param name="cancellation">Stops between blocks of 96 queries.</param>
    public IReadOnlyList<IReadOnlyList<Candidate>> Top(EmbeddingMatrix queries, int top = 25, int threads = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        CheckedRows(queries.Values);
        var lists = new Candidate[queries.Count][];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? -1 : threads, CancellationToken = cancellation };
        Parallel.For(0, (queries.Count + BlockRows - 1) / BlockRows, options, b => TopOfBlock(queries, b * BlockRows, Math.Min(top, _catalogue.Count), lists));
        return lists;
    }

    private void TopOfBlock(EmbeddingMatrix queries, int first, int top, Candidate[][] lists)
    {
        int rows = Math.Min(BlockRows, queries.Count - first);
        float[] block = Normalised(queries.Values.Slice(first * Dimensions, rows * Dimensions), first);
        var tile = new float[Padded(rows) * PanelColumns];
        var best = new Candidate[rows, top];
        var filled = new int[rows];
        var worst = new float[rows];
        worst.AsSpan().Fill(float.NegativeInfinity);
        for (int panel = 0; panel < _panels.Length; panel++)
        {
            Multiply(block, panel, tile);
            int start = panel * PanelColumns, columns = Math.Min(PanelColumns, _catalogue.Count - start);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> cosines = tile.AsSpan(row * PanelColumns, PanelColumns);
                if (filled[row] == top && !AnyAtLeast(cosines, worst[row]))
                    continue;
                Span<Candidate> list = MemoryMarshal.CreateSpan(ref best[row, 0], top);
                for (int column = 0; column < columns; column++)
                {
                    if (cosines[column] >= worst[row])
                        Insert(list, ref filled[row], ref worst[row], new Candidate(_catalogue.Items[start + column].Id, cosines[column]));
                }
            }
        }
        for (int row = 0; row < rows; row++)
            lists[first + row] = MemoryMarshal.CreateSpan(ref best[row, 0], top).ToArray();
    }

    private static void Insert(Span<Candidate> list, ref int filled, ref float worst, Candidate candidate)
    {
        int place = filled;
        while (place > 0 && (candidate.Score, list[place - 1].MisconceptionId).CompareTo((list[place - 1].Score, candidate.MisconceptionId)) > 0)
            place--;
        if (place == list.Length)
            return;
        filled = Math.Min(filled + 1, list.Length);
        for (int i = filled - 1; i > place; i--)
            list[i] = list[i - 1];
        list[place] = candidate;
        if (filled == list.Length)
            worst = (float)list[^1].Score;
    }

    private static bool AnyAtLeast(ReadOnlySpan<float> cosines, float worst)
    {
        ref float first = ref MemoryMarshal.GetReference(cosines);
        Vector256<float> limit = Vector256.Create(worst);
        Vector256<float> any = Vector256<float>.Zero;
        for (nuint column = 0; column < PanelColumns; column += 8)
            any |= Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref first, column), limit);
        return any != Vector256<float>.Zero;
    }

    /// <summary>[padded rows, dimensions] × panel → [padded rows, 32].</summary>
    private void Multiply(float[] block, int panel, float[] tile)
    {
        for (int row = 0; row * Dimensions < block.Length; row += TileRows)
        {
            ref float queries = ref block[row * Dimensions];
            ref float output = ref tile[row * PanelColumns];
            if (_wide)
                CosineTile.Multiply512(ref queries, Dimensions, ref _panels[panel][0], ref output);
            else
                CosineTile.Multiply256(ref queries, Dimensions, ref _panels[panel][0], ref output);
        }
    }

    // Unit rows, padded with zero rows to whole tiles.
    private float[] Normalised(ReadOnlySpan<float> queries, int first)
    {
        int rows = queries.Length / Dimensions;
        var block = new float[Padded(rows) * Dimensions];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> query = queries.Slice(row * Dimensions, Dimensions);
            double scale = InverseNorm(query, "query", first + row);
            for (int k = 0; k < Dimensions; k++)
                block[row * Dimensions + k] = (float)(query[k] * scale);
        }
        return block;
    }

    private static int Padded(int rows) => (rows + TileRows - 1) / TileRows * TileRows;

    private int CheckedRows(ReadOnlySpan<float> queries) => queries.Length % Dimensions == 0
        ? queries.Length / Dimensions
        : throw new ArgumentException($"Queries of {queries.Length} values are no whole number of rows of {Dimensions} dimensions.", nameof(queries));

    private static double InverseNorm(ReadOnlySpan<float> row, string what, int index)
    {
        double square = CosineSimilarity.Dot(row, row);
        if (!double.IsFinite(square))
            throw new MalruleException($"The embedding of {what} row {index} holds a NaN or an infinity, so it has no cosine; check the embedder's checkpoint.");
        return square == 0 ? 0 : 1 / Math.Sqrt(square);
    }
}
