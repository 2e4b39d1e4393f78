using System.Threading.Channels;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>Cuts the growth of one request's branches into deltas, on the engine's worker.</summary>
/// <param name="sampling">The request's parameters.</param>
/// <param name="hasText">Whether ids wait for the text they belong to; without a tokenizer each id is a delta.</param>
/// <param name="deltas">Where the deltas go.</param>
internal sealed class DeltaStream(SamplingParams sampling, bool hasText, ChannelWriter<GenerationDelta> deltas)
{
    // A stop string may begin in the last characters of a text that goes on; those wait.
    private readonly int _heldBack = sampling.IncludeStopStrInOutput ? 0 : sampling.Stop.Select(stop => stop.Length - 1).DefaultIfEmpty(0).Max();
    private readonly int[] _sentText = new int[sampling.N], _sentTokens = new int[sampling.N];

    /// <summary>After every token, and once more when the branch has ended.</summary>
    public void Advance(Sequence branch)
    {
        bool ended = branch.State == SequenceState.Finished;
        int i = branch.Index, end = ended ? branch.Text.Length : Math.Max(_sentText[i], branch.Text.Length - _heldBack);
        string text = branch.Text.From(_sentText[i])[..(end - _sentText[i])];
        if (text.Length == 0 && !ended && hasText)
            return; // half a character, or held back: its ids come with its text
        var ids = branch.OutputTokenIds.GetRange(_sentTokens[i], branch.OutputTokenIds.Count - _sentTokens[i]);
        (_sentText[i], _sentTokens[i]) = (end, branch.OutputTokenIds.Count);
        deltas.TryWrite(new GenerationDelta(i, text, ids, ended ? branch.FinishReason : null, ended ? branch.StopReason : null));
    }
}
