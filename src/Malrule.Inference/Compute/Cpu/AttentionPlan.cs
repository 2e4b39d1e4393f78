using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Rows of one run, from row <paramref name="FirstRow"/> of the step.</summary>
internal readonly record struct AttentionSegment(AttentionBatch.Run Run, int FirstRow, int Rows);

/// <summary>Segments of one group under one KV head: what a worker does at a time.</summary>
internal readonly record struct AttentionItem(AttentionBatch.Group Group, int KvHead, int FirstSegment, int Segments);

/// <summary>
/// A step's attention cut into items that are as large as a tile holds, yet at least one for each thread where there are rows
/// enough. How it is cut changes no result.
/// </summary>
internal sealed class AttentionPlan
{
    public List<AttentionSegment> Segments { get; } = [];
    public List<AttentionItem> Items { get; } = [];

    public void Cut(AttentionBatch batch, AttentionShape shape, int tileRows, int threads)
    {
        int tokens = Math.Max(1, tileRows / shape.QueriesPerKvHead), least = Math.Max(1, 6 / shape.QueriesPerKvHead);
        Cut(batch, shape.KvHeads, tokens);
        while (Items.Count < threads && tokens > least)
            Cut(batch, shape.KvHeads, tokens = Math.Max(least, (tokens + 1) / 2));

        // The later a chunk's rows, the more keys they see: with those first the threads end together.
        Items.Reverse();
    }

    private void Cut(AttentionBatch batch, int kvHeads, int tokens)
    {
        Segments.Clear();
        Items.Clear();
        foreach (AttentionBatch.Group group in batch.Groups)
        {
            int first = Segments.Count, room = tokens;
            for (int r = group.FirstRun; r < group.FirstRun + group.RunCount; r++)
            {
                AttentionBatch.Run run = batch.Runs[r];
                for (int done = 0; done < run.RowCount;)
                {
                    int rows = Math.Min(room, run.RowCount - done);
                    Segments.Add(new AttentionSegment(run, run.FirstRow + done, rows));
                    (done, room) = (done + rows, room - rows);
                    if (room == 0)
                    {
                        Close(group, first, kvHeads);
                        (first, room) = (Segments.Count, tokens);
                    }
                }
            }
            if (first < Segments.Count)
                Close(group, first, kvHeads);
        }
    }

    private void Close(AttentionBatch.Group group, int firstSegment, int kvHeads)
    {
        for (int head = 0; head < kvHeads; head++)
            Items.Add(new AttentionItem(group, head, firstSegment, Segments.Count - firstSegment));
    }
}
