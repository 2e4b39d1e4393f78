using System.Numerics;
using System.Runtime.CompilerServices;
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
    private const int BlockRows = 288;
    private const int SliceLength = 256; // × 32 columns: 32 KiB
    private const int LineLength = 16; // of a cache line

    private readonly int[] _ids;
    private readonly float[][] _panels; // pinned, so that each can begin at a cache line: a load across two costs twice
    private readonly int[] _starts;
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
        (_ids, Dimensions, _wide) = ([.. catalogue.Items.Select(item => item.Id)], embeddings.Dimensions, wide);
        _panels = new float[(catalogue.Count + PanelColumns - 1) / PanelColumns][];
        _starts = new int[_panels.Length];
        for (int panel = 0; panel < _panels.Length; panel++)
        {
            float[] array = _panels[panel] = GC.AllocateArray<float>(checked(Dimensions * PanelColumns + LineLength - 1), pinned: true);
            _starts[panel] = ToLine(array);
            Span<float> packed = array.AsSpan(_starts[panel]);
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
        if (scores.Length != (long)count * _ids.Length)
            throw new ArgumentException($"{count} queries need {(long)count * _ids.Length} scores; there is room for {scores.Length}.", nameof(scores));
        var work = new Work(Math.Min(count, BlockRows), Dimensions, top: 0);
        for (int first = 0; first < count; first += BlockRows)
        {
            int rows = Math.Min(BlockRows, count - first);
            Span<float> block = work.Block.AsSpan(0, Padded(rows) * Dimensions), tile = work.Tile.AsSpan(0, Padded(rows) * PanelColumns);
            Normalise(queries.Slice(first * Dimensions, rows * Dimensions), first, block);
            for (int panel = 0; panel < _panels.Length; panel++)
            {
                Multiply(block, panel, tile);
                int column = panel * PanelColumns, columns = Math.Min(PanelColumns, _ids.Length - column);
                for (int row = 0; row < rows; row++)
                    tile.Slice(row * PanelColumns, columns).CopyTo(scores[((first + row) * _ids.Length + column)..]);
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
        int length = Math.Min(top, _ids.Length), blockRows = Math.Min(queries.Count, BlockRows);
        Parallel.For(0, (queries.Count + BlockRows - 1) / BlockRows, options, () => new Work(blockRows, Dimensions, length), (b, _, work) =>
        {
            TopOfBlock(queries, b * BlockRows, length, work, lists);
            return work;
        }, _ => { });
        return lists;
    }

    private void TopOfBlock(EmbeddingMatrix queries, int first, int top, Work work, Candidate[][] lists)
    {
        int rows = Math.Min(BlockRows, queries.Count - first);
        Span<float> block = work.Block.AsSpan(0, Padded(rows) * Dimensions), tile = work.Tile.AsSpan(0, Padded(rows) * PanelColumns);
        Normalise(queries.Values.Slice(first * Dimensions, rows * Dimensions), first, block);
        float[] scores = work.Scores;
        int[] ids = work.Ids;
        scores.AsSpan().Fill(float.NegativeInfinity);
        for (int panel = 0; panel < _panels.Length; panel++)
        {
            Multiply(block, panel, tile);
            int start = panel * PanelColumns, columns = Math.Min(PanelColumns, _ids.Length - start);
            uint real = columns == PanelColumns ? uint.MaxValue : (1u << columns) - 1;
            for (int row = 0; row < rows; row++)
            {
                Span<float> best = scores.AsSpan(row * top, top);
                ref float cosines = ref tile[row * PanelColumns];
                for (uint hits = AtLeast(ref cosines, best[^1]) & real; hits != 0; hits &= hits - 1)
                {
                    int column = BitOperations.TrailingZeroCount(hits);
                    Insert(best, ids.AsSpan(row * top, top), Unsafe.Add(ref cosines, column), _ids[start + column]);
                }
            }
        }
        for (int row = 0; row < rows; row++)
        {
            Candidate[] list = lists[first + row] = new Candidate[top];
            for (int place = 0; place < top; place++)
                list[place] = new Candidate(ids[row * top + place], scores[row * top + place]);
        }
    }

    private static void Insert(Span<float> scores, Span<int> ids, float score, int id)
    {
        int place = scores.Length - 1;
        if (score < scores[place] || (score == scores[place] && id > ids[place]))
            return;
        for (; place > 0 && (score > scores[place - 1] || (score == scores[place - 1] && id < ids[place - 1])); place--)
            (scores[place], ids[place]) = (scores[place - 1], ids[place - 1]);
        (scores[place], ids[place]) = (score, id);
    }

    // A bit for each of a panel's cosines that may enter a list whose last score is `worst`.
    private static uint AtLeast(ref float cosines, float worst)
    {
        Vector256<float> limit = Vector256.Create(worst);
        uint bits = Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref cosines, 0), limit).ExtractMostSignificantBits();
        bits |= Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref cosines, 8), limit).ExtractMostSignificantBits() << 8;
        bits |= Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref cosines, 16), limit).ExtractMostSignificantBits() << 16;
        return bits | Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref cosines, 24), limit).ExtractMostSignificantBits() << 24;
    }

    /// <summary>
    /// [padded rows, dimensions] × panel → [padded rows, 32]. A slice of the panel that fits the first-level cache meets all rows before the
    /// next one; sums go on where the slice before left them.
    /// </summary>
    private void Multiply(Span<float> block, int panel, Span<float> tile)
    {
        tile.Clear();
        for (int k = 0; k < Dimensions; k += SliceLength)
        {
            int count = Math.Min(SliceLength, Dimensions - k);
            ref float slice = ref _panels[panel][_starts[panel] + k * PanelColumns];
            for (int row = 0; row * Dimensions < block.Length; row += TileRows)
            {
                ref float queries = ref block[row * Dimensions + k];
                ref float output = ref tile[row * PanelColumns];
                if (_wide)
                    CosineTile.Multiply512(ref queries, Dimensions, count, ref slice, ref output);
                else
                    CosineTile.Multiply256(ref queries, Dimensions, count, ref slice, ref output);
            }
        }
    }

    // Unit rows, padded with zero rows to whole tiles.
    private void Normalise(ReadOnlySpan<float> queries, int first, Span<float> block)
    {
        int rows = queries.Length / Dimensions;
        block[queries.Length..].Clear();
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> query = queries.Slice(row * Dimensions, Dimensions);
            double scale = InverseNorm(query, "query", first + row);
            for (int k = 0; k < Dimensions; k++)
                block[row * Dimensions + k] = (float)(query[k] * scale);
        }
    }

    // The first element at a cache line.
    private static int ToLine(float[] pinned) =>
        (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0) & (LineLength * sizeof(float) - 1)) / sizeof(float);

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

    // What one thread needs for a block, made once.
    private sealed class Work(int rows, int dimensions, int top)
    {
        public readonly float[] Block = new float[Padded(rows) * dimensions]; // unit rows
        public readonly float[] Tile = new float[Padded(rows) * PanelColumns];
        public readonly float[] Scores = new float[rows * top]; // [rows, top], descending
        public readonly int[] Ids = new int[rows * top];
    }
}
