using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Malrule.Inference;

namespace Malrule.Cli.Chat;

/// <summary>How a reply went.</summary>
/// <param name="Tokens">Tokens generated.</param>
/// <param name="Seconds">From the question to the last token.</param>
/// <param name="FirstSeconds">From the question to the first token.</param>
/// <param name="ContextTokens">Tokens of prompt and reply together.</param>
/// <param name="CachedTokens">Prompt tokens that were not computed again.</param>
/// <param name="Cut">The reply ended for want of room or at max_tokens.</param>
internal sealed record ReplyStatistics(int Tokens, double Seconds, double FirstSeconds, int ContextTokens, int CachedTokens, bool Cut);

/// <summary>
/// A conversation of several turns. What does not fit any more is dropped from its oldest turns, a question with its answer, never the
/// system prompt; a question that does not fit by itself is refused.
/// </summary>
internal sealed class ChatSession(LlmEngine engine, SamplingParams sampling, string? system)
{
    private const int RoomForReply = 256; // tokens left free where max_tokens does not say

    private readonly List<ChatMessage> _turns = []; // question, answer, question, answer …

    /// <summary>The system prompt; null: none, or the template's own.</summary>
    public string? System { get; private set; } = system;

    /// <summary>Statistics of the last whole reply; null where it was stopped.</summary>
    public ReplyStatistics? Last { get; private set; }

    /// <summary>Told of turns that are dropped.</summary>
    public required Action<string> Notify { get; init; }

    public void Reset() => _turns.Clear();

    /// <summary>Sets the system prompt and begins anew.</summary>
    public void Reset(string? system)
    {
        System = system is { Length: > 0 } ? system : null;
        Reset();
    }

    /// <summary>Takes the last question and its reply back; null where there is none.</summary>
    public string? TakeBack()
    {
        if (_turns.Count == 0)
            return null;
        string question = _turns[^2].Content;
        _turns.RemoveRange(_turns.Count - 2, 2);
        return question;
    }

    /// <summary>The reply to a question, piece by piece. A reply that is stopped stays in the conversation as far as it came.</summary>
    /// <exception cref="InvalidInputException">The question does not fit; the conversation is as before.</exception>
    public async IAsyncEnumerable<string> AskAsync(string question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Last = null;
        List<ChatMessage> conversation = Fit(question);
        var reply = new StringBuilder();
        long start = Stopwatch.GetTimestamp();
        double first = 0;
        try
        {
            var request = new GenerationRequest(new Prompt.FromConversation(conversation), sampling);
            await foreach (GenerationDelta delta in engine.StreamDeltasAsync(request, cancellationToken).ConfigureAwait(false))
            {
                if (first == 0)
                    first = Stopwatch.GetElapsedTime(start).TotalSeconds;
                reply.Append(delta.Text);
                if (delta.Text.Length > 0)
                    yield return delta.Text;
                if (delta.Output is { } output)
                    Last = new ReplyStatistics(output.Outputs[0].TokenIds.Count, Stopwatch.GetElapsedTime(start).TotalSeconds, first,
                        output.PromptTokenIds.Count + output.Outputs[0].TokenIds.Count, output.CachedTokens, output.Outputs[0].FinishReason == FinishReason.Length);
            }
        }
        finally
        {
            if (reply.Length > 0 || Last is not null)
                _turns.AddRange([new ChatMessage("user", question), new ChatMessage("assistant", reply.ToString())]);
        }
    }

    /// <summary>The conversation with the question at its end, after as many of the oldest turns were dropped as needed.</summary>
    private List<ChatMessage> Fit(string question)
    {
        int limit = engine.Info.MaxModelLength, room = Math.Min(sampling.MaxTokens ?? RoomForReply, limit / 2);
        for (int dropped = 0; ; dropped += 2)
        {
            List<ChatMessage> conversation = [.. System is null ? [] : new[] { new ChatMessage("system", System) }, .. _turns.Skip(dropped), new ChatMessage("user", question)];
            int tokens = engine.Tokenizer!.Encode(engine.ChatTemplate!.Render(conversation), addSpecialTokens: false).Length;
            if (tokens + room <= limit)
            {
                if (dropped > 0)
                    Notify($"the conversation outgrew {limit} tokens: its oldest {(dropped == 2 ? "question and answer were" : $"{dropped / 2} questions and answers were")} dropped");
                _turns.RemoveRange(0, dropped);
                return conversation;
            }
            if (dropped >= _turns.Count)
                throw new InvalidInputException($"The question {(System is null ? "has" : "and the system prompt have")} {tokens} tokens; at most {limit - room} fit, since {room} of {limit} are kept for the reply (--max-model-len, --max-tokens).");
        }
    }
}
