namespace Malrule.Inference.Verification;

/// <summary>Whether the tokenizer is this model's: its size, whether it gives a text back, how long its tokens are, the chat template.</summary>
internal static class TokenizerCheck
{
    /// <summary>Vocabularies are padded to multiples, and a few ids kept in reserve.</summary>
    private const double SmallestShare = 0.95;
    private const double FewestCharactersPerToken = 1.5;

    public static ModelCheck Run(VerifiedModel model)
    {
        string file = Path.Combine(model.Directory, "tokenizer.json");
        if (!File.Exists(file))
            return new ModelCheck("tokenizer", CheckVerdict.Warning, "tokenizer.json is absent: the model takes token ids only");
        var tokenizer = Tokenizer.Load(file);
        string found = FormattableString.Invariant($"{tokenizer.VocabularySize} tokens for a model of {model.VocabSize}");
        if (tokenizer.VocabularySize > model.VocabSize)
            return new ModelCheck("tokenizer", CheckVerdict.Failed, found + ": it makes ids that the model does not know, so it is another model's");

        var doubts = new List<string>();
        if (tokenizer.VocabularySize < SmallestShare * model.VocabSize)
            doubts.Add("the tokenizer knows far fewer tokens than the model; it may be another model's");
        string text = string.Join('\n', FixedText.Sentences);
        int[] ids = tokenizer.Encode(text);
        double length = (double)text.Length / ids.Length;
        if (length < FewestCharactersPerToken)
            doubts.Add("plain English falls into single characters; merges may be missing from tokenizer.json");
        if (model.Decoder is not null && tokenizer.Decode(ids) != text)
            doubts.Add("a plain English text, encoded and decoded, does not come back as it was");
        if (tokenizer.TokenId("[UNK]") is { } unknown && ids.Contains(unknown))
            doubts.Add("plain English holds words that the vocabulary does not know");
        found += FormattableString.Invariant($", {length:0.0} characters of English a token");
        if (model.Decoder is not null)
            found += ChatTemplate.Load(model.Directory) is null ? ", no chat template" : ", with a chat template";
        return new ModelCheck("tokenizer", doubts.Count == 0 ? CheckVerdict.Ok : CheckVerdict.Warning, found)
        {
            Details = doubts,
            Figures = new Dictionary<string, double> { ["tokens"] = tokenizer.VocabularySize, ["characters_per_token"] = length },
        };
    }
}
