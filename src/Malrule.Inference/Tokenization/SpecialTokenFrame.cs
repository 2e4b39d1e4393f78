namespace Malrule.Inference.Tokenization;

/// <summary>
/// What the <c>post_processor</c> section does to a single text: ids put before and behind it. (Offsets, which ByteLevel trims, and pairs
/// of texts do not exist here.)
/// </summary>
internal readonly record struct SpecialTokenFrame(int[] Before, int[] Behind)
{
    public static SpecialTokenFrame None { get; } = new([], []);

    /// <param name="section">The section.</param>
    /// <param name="isKnown">Whether an id is in the vocabulary.</param>
    public static SpecialTokenFrame Read(JsonPlace section, Func<int, bool> isKnown)
    {
        if (section.IsNull)
            return None;
        string type = section["type"].String();
        return type switch
        {
            "Sequence" => section["processors"].Items().Aggregate(None, (inner, place) =>
            {
                SpecialTokenFrame outer = Read(place, isKnown);
                return new SpecialTokenFrame([.. outer.Before, .. inner.Before], [.. inner.Behind, .. outer.Behind]);
            }),
            "ByteLevel" => None,
            "BertProcessing" or "RobertaProcessing" => new SpecialTokenFrame([PairId(section["cls"], isKnown)], [PairId(section["sep"], isKnown)]),
            "TemplateProcessing" => Template(section, isKnown),
            _ => throw section.Error($"is of type {type}, which Malrule does not support (it knows Sequence, ByteLevel, BertProcessing, RobertaProcessing and TemplateProcessing)."),
        };
    }

    /// <summary>BERT's processors write a token as <c>["[CLS]", 101]</c>.</summary>
    private static int PairId(JsonPlace pair, Func<int, bool> isKnown) =>
        pair.Items().ToArray() is [_, JsonPlace id] ? Known(id, isKnown) : throw pair.Error("must be a token and its id.");

    private static SpecialTokenFrame Template(JsonPlace section, Func<int, bool> isKnown)
    {
        List<int> before = [], behind = [];
        bool hasText = false;
        foreach (JsonPlace piece in section["single"].Items())
        {
            JsonPlace special = piece["SpecialToken"];
            if (special.IsNull)
            {
                if (hasText || piece["Sequence"]["id"].String() != "A")
                    throw section["single"].Error("must hold the sequence A once and no other.");
                hasText = true;
                continue;
            }
            JsonPlace token = section["special_tokens"][special["id"].String()];
            (hasText ? behind : before).AddRange(token["ids"].Items().Select(id => Known(id, isKnown)));
        }
        return hasText ? new SpecialTokenFrame([.. before], [.. behind]) : throw section["single"].Error("lacks the sequence A.");
    }

    private static int Known(JsonPlace place, Func<int, bool> isKnown)
    {
        int id = place.Int(0, Tokenizer.MaxTokenId);
        return isKnown(id) ? id : throw place.Error($"is {id}, which is not in the vocabulary.");
    }
}
