using System.Globalization;
using System.Text;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>How tokens are shown beside their logprobs: as text, or as <c>token_id:N</c> where asked for or where there is no tokenizer.</summary>
internal sealed class TokenNames(Tokenizer? tokenizer, bool asIds)
{
    private const float Lowest = -9999; // stands for minus infinity, which JSON lacks

    public string Name(int id) => asIds || tokenizer is null
        ? string.Create(CultureInfo.InvariantCulture, $"token_id:{id}")
        : tokenizer.Decode([id], skipSpecialTokens: false);

    /// <summary>OpenAI's chat form.</summary>
    public ChatLogprobs Chat(IReadOnlyList<PositionLogprobs> positions) => new([.. positions.Select(position =>
    {
        string token = Name(position.Token.TokenId);
        return new ChatTokenLogprobs(token, Finite(position.Token.Logprob), Bytes(token), [.. position.Top.Select(top =>
        {
            string name = Name(top.TokenId);
            return new ChatTokenLogprob(name, Finite(top.Logprob), Bytes(name));
        })]);
    })]);

    /// <summary>OpenAI's completion form: <paramref name="positions"/> go with <paramref name="tokenIds"/>, null where nothing precedes.</summary>
    public CompletionLogprobs Completion(IEnumerable<int> tokenIds, IEnumerable<PositionLogprobs?> positions)
    {
        var result = new CompletionLogprobs();
        int offset = 0;
        foreach ((int id, PositionLogprobs? position) in tokenIds.Zip(positions))
        {
            string token = Name(id);
            result.Tokens.Add(token);
            result.TextOffset.Add(offset);
            result.TokenLogprobs.Add(position is null ? null : Finite(position.Token.Logprob));
            Dictionary<string, float>? top = null;
            if (position is not null)
            {
                top = [];
                foreach (TokenLogprob entry in position.Top.Prepend(position.Token))
                    top.TryAdd(Name(entry.TokenId), Finite(entry.Logprob));
            }
            result.TopLogprobs.Add(top);
            offset += token.EnumerateRunes().Count();
        }
        return result;
    }

    /// <summary>vLLM's form for prompts: by token id.</summary>
    public IReadOnlyList<Dictionary<string, TokenDetail>?>? Prompt(IReadOnlyList<PositionLogprobs?>? positions) => positions is null ? null :
        [.. positions.Select(position =>
        {
            if (position is null)
                return null;
            var tokens = new Dictionary<string, TokenDetail>();
            foreach (TokenLogprob entry in position.Top.Prepend(position.Token))
                tokens.TryAdd(entry.TokenId.ToString(CultureInfo.InvariantCulture), new TokenDetail(Finite(entry.Logprob), entry.Rank, tokenizer is null ? null : tokenizer.Decode([entry.TokenId], skipSpecialTokens: false)));
            return tokens;
        })];

    private static float Finite(float logprob) => Math.Max(logprob, Lowest);

    private static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
}
