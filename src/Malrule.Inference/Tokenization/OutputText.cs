using System.Text;

namespace Malrule.Inference.Tokenization;

/// <summary>
/// The text of one branch as it grows, and the stop string that ends it. Only output text is searched, never the prompt. A stop string
/// counts once it is complete in the text of a token behind the first <c>min_tokens</c> ones; it may begin in earlier text. Of several in
/// the same text the one that completes first wins, then the one listed first. The text is cut before it, or behind it where
/// <c>include_stop_str_in_output</c> is set; the token ids are the caller's and stay whole.
/// </summary>
internal sealed class OutputText
{
    private readonly IncrementalDecoder? _decoder;
    private readonly SamplingParams _parameters;
    private readonly int _longestStop;
    private readonly StringBuilder _text = new();
    private int _tokens;

    /// <param name="tokenizer">Null where there is none: the text stays empty.</param>
    /// <param name="promptTokenIds">The prompt, from which the output goes on.</param>
    /// <param name="parameters">Stop strings and what belongs to them; without <c>detokenize</c> the text stays empty.</param>
    public OutputText(Tokenizer? tokenizer, ReadOnlySpan<int> promptTokenIds, SamplingParams parameters)
    {
        _parameters = parameters;
        _longestStop = parameters.Stop.Select(stop => stop.Length).DefaultIfEmpty().Max();
        if (tokenizer is not null && parameters.Detokenize)
            _decoder = new IncrementalDecoder(tokenizer, promptTokenIds, parameters.SkipSpecialTokens, parameters.SpacesBetweenSpecialTokens);
    }

    /// <summary>The stop string that ended the text; null while none has.</summary>
    public string? Stop { get; private set; }

    public int Length => _text.Length;

    public override string ToString() => _text.ToString();

    /// <summary>The text from a position on, for callers that stream it.</summary>
    public string From(int start) => _text.ToString(start, _text.Length - start);

    /// <summary>
    /// Adds a generated token and returns the stop string that it completes, if any; afterwards the text is final and nothing may be added.
    /// </summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="endsOutput">
    /// Whether it is the end-of-sequence or stop id that ends the output: its text is left out unless <c>include_stop_str_in_output</c> is set.
    /// </param>
    public string? Append(int tokenId, bool endsOutput = false)
    {
        _tokens++;
        if (_decoder is null || endsOutput && !_parameters.IncludeStopStrInOutput)
            return null;
        int searched = _text.Length;
        _decoder.Append(tokenId, _text);
        if (_longestStop > 0 && _tokens > _parameters.MinTokens && _text.Length > searched)
            CutAtStop(searched);
        return Stop;
    }

    /// <summary>Ends a text that no stop string ended: an unfinished character becomes U+FFFD.</summary>
    public void Finish()
    {
        if (Stop is null)
            _decoder?.Flush(_text);
    }

    private void CutAtStop(int searched)
    {
        int start = Math.Max(0, searched - _longestStop + 1);
        string window = From(start);
        int firstEnd = int.MaxValue;
        foreach (string stop in _parameters.Stop)
        {
            // A match that ends within text searched before is not looked at again.
            int from = Math.Max(0, searched - stop.Length + 1 - start);
            int end = window.IndexOf(stop, from, StringComparison.Ordinal) is int at and >= 0 ? at + stop.Length : int.MaxValue;
            if (end < firstEnd)
                (firstEnd, Stop) = (end, stop);
        }
        if (Stop is not null)
            _text.Length = start + firstEnd - (_parameters.IncludeStopStrInOutput ? 0 : Stop.Length);
    }
}
