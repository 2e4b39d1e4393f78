using System.Text;

namespace Malrule.Inference.Constraints;

/// <summary>
/// Makes constraints for one model, and keeps the newest ones: requests of a batch often ask for the same. The vocabulary is walked once,
/// when the first is asked for. Thread-safe.
/// </summary>
internal sealed class ConstraintCompiler(Tokenizer tokenizer, int vocabSize)
{
    private const int MaxKept = 16;

    private readonly Lazy<TokenMasks> _masks = new(() => new TokenMasks(new TokenTrie(tokenizer, vocabSize)));
    private readonly Dictionary<string, Lazy<OutputConstraint>> _kept = [];
    private readonly Queue<string> _order = [];

    /// <summary>Bytes of the masks and of the vocabulary's tree at most, for the memory ledger; an automaton, at most 6 MB, is its request's own, as its prompt is.</summary>
    public static long WorkspaceBytes(int vocabSize) => TokenMasks.MostBytes(vocabSize) + TokenTrie.UsualBytes(vocabSize);

    /// <exception cref="InvalidInputException">The pattern or the choices cannot be followed.</exception>
    public OutputConstraint Compile(StructuredOutputs outputs)
    {
        string key = KeyOf(outputs);
        Lazy<OutputConstraint>? constraint;
        lock (_kept)
        {
            if (!_kept.TryGetValue(key, out constraint))
            {
                if (_order.Count == MaxKept)
                    _kept.Remove(_order.Dequeue());
                _order.Enqueue(key);
                _kept[key] = constraint = new Lazy<OutputConstraint>(() => new OutputConstraint(
                    outputs.Choice is { } choices ? ByteAutomaton.Of(choices) : AutomatonBuilder.Build(outputs.Regex!), _masks.Value));
            }
        }
        return constraint.Value;
    }

    private static string KeyOf(StructuredOutputs outputs)
    {
        if (outputs.Choice is not { } choices)
            return "regex " + outputs.Regex;
        var key = new StringBuilder("choice");
        foreach (string choice in choices)
            key.Append(' ').Append(choice.Length).Append(' ').Append(choice);
        return key.ToString();
    }
}
