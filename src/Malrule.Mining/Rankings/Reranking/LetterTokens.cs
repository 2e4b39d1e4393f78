using Malrule.Inference;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// The tokens by which an answer can begin with a letter: the letter alone and the letter after a space, each where it is one token behind the
/// prompt. A letter's probability is the sum of theirs, so that it does not matter which of the two a model was trained to write.
/// </summary>
internal sealed class LetterTokens
{
    private readonly int[][] _tokens; // by letter

    private LetterTokens(int[][] tokens) => _tokens = tokens;

    /// <summary>Finds the tokens of the first letters.</summary>
    /// <param name="prompt">A prompt as the model reads it, up to where the answer begins.</param>
    /// <param name="letters">How many letters, from A.</param>
    /// <param name="encode">The token ids of a text.</param>
    /// <param name="model">Named where a letter is not one token.</param>
    /// <exception cref="InvalidInputException">A letter is not one token in either form.</exception>
    public static LetterTokens Find(string prompt, int letters, Func<string, int[]> encode, string model)
    {
        int[] before = encode(prompt);
        return new LetterTokens([.. RerankPrompt.Letters[..letters].Select(letter =>
        {
            int[] tokens = [.. new[] { $"{letter}", $" {letter}" }.Select(form => encode(prompt + form))
                .Where(ids => ids.Length == before.Length + 1 && ids.AsSpan().StartsWith(before)).Select(ids => ids[^1]).Distinct()];
            return tokens.Length > 0 ? tokens : throw new InvalidInputException(
                $"{model}: expected a tokenizer that has each letter as one token behind a prompt, found none for \"{letter}\". Show fewer names at once (rerank window), or rerank with another model.");
        })]);
    }

    /// <summary>The tokens of the first letters, one after another.</summary>
    public int[] Of(int letters) => [.. _tokens.Take(letters).SelectMany(tokens => tokens)];

    /// <summary>The letters' log probabilities from those of <see cref="Of"/>.</summary>
    public double[] Sum(int letters, IReadOnlyList<TokenLogprob> logprobs)
    {
        var sums = new double[letters];
        for (int letter = 0, next = 0; letter < letters; letter++)
        {
            double sum = double.NegativeInfinity;
            foreach (int _ in _tokens[letter])
                sum = LogAdd(sum, logprobs[next++].Logprob);
            sums[letter] = sum;
        }
        return sums;
    }

    private static double LogAdd(double a, double b)
    {
        double high = Math.Max(a, b), low = Math.Min(a, b);
        return low == double.NegativeInfinity ? high : high + Math.Log(1 + Math.Exp(low - high));
    }
}
