using System.Runtime.InteropServices;
using Malrule.Inference.Compute;
using Malrule.Inference.Models;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>
/// Turns a step's chunks into a packed batch, runs the model, and draws the next tokens. Logits are made for a bounded number of
/// rows at a time, since one row is as long as the vocabulary.
/// </summary>
internal sealed class ModelRunner : IDisposable
{
    /// <summary>Logit rows computed at once; the workspace holds this many rows of the vocabulary.</summary>
    public const int LogitRowsAtOnce = 32;

    private const int PageTokens = KvShape.PageTokens;

    private readonly Backend _backend;
    private readonly DecoderModel _model;
    private readonly KvCache _cache;
    private readonly Tensor _hidden, _logits;
    private readonly Batch _batch = new();
    private readonly SamplingBatchBuilder _sampling;
    private readonly SamplingResult _result = new();
    private readonly List<int> _firstRowOfChunk = [];
    private float[] _observed = [];

    public ModelRunner(Backend backend, DecoderModel model, KvCache cache, int hiddenSize, int vocabSize)
    {
        (_backend, _model, _cache) = (backend, model, cache);
        _hidden = backend.Allocate(LogitRowsAtOnce, hiddenSize);
        _logits = backend.Allocate(LogitRowsAtOnce, vocabSize);
        _sampling = new SamplingBatchBuilder(vocabSize);
    }

    /// <summary>Told the logits before every scored prompt token, by the token's position in its prompt; set only by <see cref="ModelVerification"/>.</summary>
    public Action<int, ReadOnlySpan<float>>? PromptScored { get; set; }

    /// <summary>Bytes of the logits' workspace, for the memory ledger.</summary>
    public static long WorkspaceBytes(int hiddenSize, int vocabSize) => 4L * LogitRowsAtOnce * (hiddenSize + vocabSize);

    /// <summary>Says that the calling thread lives for this model alone and runs all further steps.</summary>
    public void OwnThread() => _backend.OwnThread();

    /// <summary>Computes one step and reports what it drew; a row that is not finite fails its group.</summary>
    public void Run(Step step, StepResult outcome)
    {
        if (step.CopyFrom.Count > 0)
            _backend.CopyPages(_cache, CollectionsMarshal.AsSpan(step.CopyFrom), CollectionsMarshal.AsSpan(step.CopyTo));
        Pack(step);
        _model.Forward(_batch, _cache);
        outcome.Clear();
        NoteFaults(step, outcome);
        DrawAll(step, outcome);
    }

    public void Dispose()
    {
        _hidden.Dispose();
        _logits.Dispose();
    }

    private void Pack(Step step)
    {
        _batch.Clear(step.Tokens);
        _firstRowOfChunk.Clear();
        var attention = _batch.Attention;
        SequenceGroup? group = null;
        foreach (var chunk in step.Chunks)
        {
            var branch = chunk.Branch;
            int firstRow = _batch.Rows;
            _firstRowOfChunk.Add(firstRow);
            for (int position = chunk.First; position < chunk.End; position++)
            {
                int slot = branch.BlockTable[position / PageTokens] * PageTokens + position % PageTokens;
                int row = _batch.Add(branch.Token(position), position, slot);
                if (position == chunk.End - 1 && chunk.Samples || ScoresPrompt(branch.Group, position))
                    _batch.LogitRows.Add(row);
            }

            // Runs of one group share whole key blocks of the prompt once it has forked.
            if (branch.Group != group || !branch.Group.Forked)
                attention.Groups.Add(new AttentionBatch.Group(attention.Runs.Count, 0, 0));
            group = branch.Group;
            var last = attention.Groups[^1];
            int shared = group.Forked ? group.PromptTokenIds.Length / AttentionBatch.KeyBlock * AttentionBatch.KeyBlock : 0;
            attention.Groups[^1] = last with { RunCount = last.RunCount + 1, SharedKeys = last.RunCount == 0 ? 0 : shared };
            attention.Runs.Add(new AttentionBatch.Run(firstRow, chunk.Count, attention.BlockTables.Count));
            attention.BlockTables.AddRange(branch.BlockTable);
        }
    }

    /// <summary>Whether this row's logits score the prompt token after it.</summary>
    private static bool ScoresPrompt(SequenceGroup group, int position) =>
        group.PromptLogprobs is { } scored && position + 1 < group.PromptTokenIds.Length && position + 1 >= scored.Count;

    private void NoteFaults(Step step, StepResult outcome)
    {
        for (int i = 0; i < step.Chunks.Count; i++)
        {
            var chunk = step.Chunks[i];
            for (int k = 0; k < chunk.Count; k++)
                if (_model.FirstBadLayer(_firstRowOfChunk[i] + k) is >= 0 and var layer)
                {
                    outcome.Fail(chunk.Branch.Group, $"layer {layer}", chunk.First + k);
                    break;
                }
        }
    }

    /// <summary>Walks the logit rows in order, which is that of the chunks, a bounded number at a time.</summary>
    private void DrawAll(Step step, StepResult outcome)
    {
        int chunkIndex = 0;
        for (int first = 0; first < _batch.LogitRows.Count; first += LogitRowsAtOnce)
        {
            int count = Math.Min(LogitRowsAtOnce, _batch.LogitRows.Count - first);
            _model.Logits(first, count, _hidden, _logits);
            if (PromptScored is not null)
                Observe(count);
            _sampling.Clear();
            for (int i = 0; i < count; i++)
            {
                int row = _batch.LogitRows[first + i];
                while (row >= _firstRowOfChunk[chunkIndex] + step.Chunks[chunkIndex].Count)
                    chunkIndex++;
                var chunk = step.Chunks[chunkIndex];
                int position = chunk.First + row - _firstRowOfChunk[chunkIndex];
                if (_model.FirstBadLayerOfLogitRow(first + i) is >= 0 and var layer)
                    outcome.Fail(chunk.Branch.Group, $"layer {layer}", position);
                if (ScoresPrompt(chunk.Branch.Group, position))
                {
                    _sampling.AddScored(i, chunk.Branch.Group, position + 1);
                    PromptScored?.Invoke(position + 1, _observed.AsSpan(i * _logits.Columns, _logits.Columns));
                }
                if (chunk.Samples && position == chunk.End - 1)
                    _sampling.AddDraws(i, chunk.Branch);
            }
            _backend.Sample(_logits, _sampling.Batch, _result);
            _sampling.Collect(_result, outcome);
        }
    }

    /// <summary>Copies the rows of logits for <see cref="PromptScored"/>.</summary>
    private void Observe(int count)
    {
        if (_observed.Length == 0)
            _observed = new float[LogitRowsAtOnce * _logits.Columns];
        _backend.Read(count, _logits, _observed);
    }
}
