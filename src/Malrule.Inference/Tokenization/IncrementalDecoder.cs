using System.Buffers;
using System.Text;

namespace Malrule.Inference.Tokenization;

/// <summary>
/// Turns a growing list of tokens into text, handing out only what no later token can change: bytes of an unfinished UTF-8 character are
/// held back. What it appends, put together, is <see cref="Tokenizer.Decode"/> of prompt and output less that of the prompt. A character
/// that is never finished comes out of <see cref="Flush"/> as U+FFFD, where vLLM drops it.
/// </summary>
internal sealed class IncrementalDecoder
{
    private const int LongestUnfinished = 3; // bytes, of a character that has four

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly bool _joinAddedTokens;
    private readonly Decoder _characters = Encoding.UTF8.GetDecoder();
    private readonly ArrayBufferWriter<byte> _utf8 = new(64);
    private char[] _buffer = new char[64];
    private bool _isFirst;
    private bool _isBehindAdded;

    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="promptTokenIds">What stands before the output: its text is not returned, but the output goes on from it.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out of the text.</param>
    /// <param name="spacesBetweenSpecialTokens">Whether added tokens behind each other keep the space that the tokenizer writes before a token.</param>
    public IncrementalDecoder(Tokenizer tokenizer, ReadOnlySpan<int> promptTokenIds, bool skipSpecialTokens, bool spacesBetweenSpecialTokens = true)
    {
        (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);
        _joinAddedTokens = !skipSpecialTokens && !spacesBetweenSpecialTokens;

        // What an output goes on from is the prompt's last bytes, which its last tokens hold: there are as many decoders as branches, and prompts are long.
        int first = promptTokenIds.Length;
        for (bool isFirst = false; first > 0 && _utf8.WrittenCount <= LongestUnfinished; isFirst = false)
            tokenizer.AppendText(promptTokenIds[--first], skipSpecialTokens, ref isFirst, _utf8);
        _utf8.ResetWrittenCount();
        (_isFirst, _isBehindAdded) = (first == 0, first > 0 && _joinAddedTokens && tokenizer.IsAdded(promptTokenIds[first - 1]));
        foreach (int id in promptTokenIds[first..])
            Add(id);
        Characters(flush: false);
    }

    /// <summary>Appends the text that becomes final with a token; often none.</summary>
    public void Append(int tokenId, StringBuilder text)
    {
        _utf8.ResetWrittenCount();
        Add(tokenId);
        text.Append(Characters(flush: false));
    }

    /// <summary>Appends U+FFFD where a character was left unfinished. Call it once, at the end.</summary>
    public void Flush(StringBuilder text)
    {
        _utf8.ResetWrittenCount();
        text.Append(Characters(flush: true));
    }

    private void Add(int tokenId)
    {
        if (_joinAddedTokens)
        {
            bool isAdded = _tokenizer.IsAdded(tokenId);
            _isFirst |= isAdded && _isBehindAdded;
            _isBehindAdded = isAdded;
        }
        _tokenizer.AppendText(tokenId, _skipSpecialTokens, ref _isFirst, _utf8);
    }

    private ReadOnlySpan<char> Characters(bool flush)
    {
        int most = Encoding.UTF8.GetMaxCharCount(_utf8.WrittenCount);
        if (_buffer.Length < most)
            _buffer = new char[most];
        return _buffer.AsSpan(0, _characters.GetChars(_utf8.WrittenSpan, _buffer, flush));
    }
}
