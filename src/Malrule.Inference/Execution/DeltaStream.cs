using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>
/// The growth of one request's branches on its way from the engine's worker to a reader. What a reader has not taken is kept as one delta
/// a branch: a slow reader gets fewer and larger ones, the engine never waits for it, and no more is held than the output itself.
/// </summary>
/// <param name="sampling">The request's parameters.</param>
/// <param name="hasText">Whether ids wait for the text they belong to; without a tokenizer each id is a delta.</param>
internal sealed class DeltaStream(SamplingParams sampling, bool hasText)
{
    // A stop string may begin in the last characters of a text that goes on; those wait.
    private readonly int _heldBack = sampling.IncludeStopStrInOutput ? 0 : sampling.Stop.Select(stop => stop.Length - 1).DefaultIfEmpty(0).Max();
    private readonly Growth[] _branches = [.. Enumerable.Range(0, sampling.N).Select(i => new Growth(i))];
    private readonly Queue<Growth> _ready = []; // branches with something to take; it also guards them
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private RequestOutput? _output;

    /// <summary>On the worker, after every token of a branch, the last included.</summary>
    public void Advance(Sequence sequence)
    {
        if (sampling.OutputKind == OutputKind.FinalOnly)
            return;
        var growth = _branches[sequence.Index];
        bool ended = sequence.State == SequenceState.Finished;
        int end = ended ? sequence.Text.Length : Math.Max(growth.TextLength, sequence.Text.Length - _heldBack);
        int tokens = sequence.OutputTokenIds.Count - growth.Tokens;
        if (!ended && (hasText && end == growth.TextLength || growth.Tokens > 0 && tokens < sampling.StreamInterval))
            return; // half a character, or held back: its ids come with its text
        lock (_ready)
        {
            growth.Add(sequence, end, ended);
            if (!growth.IsReady)
                _ready.Enqueue(growth);
            growth.IsReady = true;
        }
        _signal.Writer.TryWrite(true);
    }

    /// <summary>On the worker, when the request has ended.</summary>
    public void Complete(RequestOutput output)
    {
        _output = output;
        _signal.Writer.TryComplete(output.Error);
    }

    /// <summary>The deltas, the last of them with the whole output; throws the request's error.</summary>
    public async IAsyncEnumerable<GenerationDelta> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            _signal.Reader.TryRead(out _);
            while (Take() is { } delta)
            {
                yield return delta;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        yield return new GenerationDelta(0, "", []) { Output = _output };
    }

    private GenerationDelta? Take()
    {
        lock (_ready)
            return _ready.TryDequeue(out var growth) ? growth.Take(keep: sampling.OutputKind == OutputKind.Cumulative) : null;
    }

    /// <summary>What one branch has that was not taken yet.</summary>
    private sealed class Growth(int index)
    {
        private readonly StringBuilder _text = new();
        private readonly List<int> _ids = [];
        private readonly List<PositionLogprobs> _logprobs = [];
        private FinishReason? _finishReason;
        private StopReason? _stopReason;

        public bool IsReady { get; set; }

        /// <summary>Text and tokens of the branch that were added here, taken or not; read and written by the worker alone.</summary>
        public int TextLength { get; private set; }
        public int Tokens { get; private set; }

        public void Add(Sequence sequence, int textEnd, bool ended)
        {
            _text.Append(sequence.Text.From(TextLength).AsSpan(0, textEnd - TextLength));
            _ids.AddRange(sequence.OutputTokenIds[Tokens..]);
            _logprobs.AddRange(sequence.Logprobs?[Tokens..] ?? []);
            (TextLength, Tokens) = (textEnd, sequence.OutputTokenIds.Count);
            if (ended)
                (_finishReason, _stopReason) = (sequence.FinishReason, sequence.StopReason);
        }

        public GenerationDelta Take(bool keep)
        {
            var delta = new GenerationDelta(index, _text.ToString(), [.. _ids], _finishReason, _stopReason)
            {
                Logprobs = _logprobs.Count == 0 ? null : [.. _logprobs],
            };
            IsReady = false;
            if (!keep)
            {
                _text.Clear();
                _ids.Clear();
                _logprobs.Clear();
            }
            return delta;
        }
    }
}
