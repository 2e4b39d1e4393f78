namespace Malrule.Inference.Verification;

/// <summary>
/// What every model is measured on: plain English and a question with demonstrations, written for this purpose and given to the public
/// domain (CC0 1.0). Changing a word changes every perplexity that was ever noted down.
/// </summary>
internal static class FixedText
{
    public const string Answer = "Keeps one decimal place too few when rounding";

    /// <summary>A question of the kind that Malrule puts to a model, answered for another question already.</summary>
    public static IReadOnlyList<ChatMessage> Conversation { get; } =
    [
        new("system", "You know why students get multiple-choice questions wrong. For each incorrect answer, name the misconception that leads to it, in one short sentence and nothing else."),
        new("user", "Subject: Rounding\nConstruct: Round decimals to a given number of decimal places\nQuestion: A scale shows \\( 64.8367 \\mathrm{~kg} \\). What is this in kilograms, rounded to \\( 2 \\) decimal places?\nCorrect Answer: \\( 64.84 \\)\nIncorrect Answer: \\( 64.8 \\)"),
        new("assistant", Answer),
        new("user", "Incorrect Answer: \\( 64.837 \\)"),
        new("assistant", "Keeps one decimal place too many when rounding"),
        new("user", "Subject: Rounding\nConstruct: Round decimals to a given number of decimal places\nQuestion: A scale shows \\( 71.3459 \\mathrm{~kg} \\). What is this in kilograms, rounded to \\( 2 \\) decimal places?\nCorrect Answer: \\( 71.35 \\)\nIncorrect Answer: \\( 71.3 \\)"),
    ];

    public static IReadOnlyList<string> Sentences { get; } =
    [
        "A teacher who hands back a test learns more from the wrong answers than from the right ones.",
        "Most mistakes are not careless: the student followed a rule, and the rule was almost correct.",
        "When two fractions are added, some students add the numerators and then the denominators, so that one half and one third become two fifths.",
        "They have met multiplication of fractions, where that is exactly what one does, and they carry the procedure over to a place where it does not hold.",
        "Others believe that multiplying always makes a number larger, because for whole numbers it usually does.",
        "Ask them for half of a half, and they may say that the answer is one.",
        "A longer decimal looks larger than a shorter one, so 0.125 is placed after 0.5 on the number line.",
        "The area of a rectangle is confused with the distance around it, since both are found from the same two lengths.",
        "None of this is laziness. Each of these rules was useful once, and nobody has yet shown the student where it ends.",
        "So a good question is written with care: the correct option is only one of four, and each of the other three is what somebody would get by following a particular faulty rule.",
        "If a student picks one of them, the teacher can guess which rule it was, and can plan the next lesson around it.",
        "On a rainy Tuesday in March, a class of thirty sat down to answer ten such questions.",
        "By the end of the hour the teacher had three hundred answers and a very clear idea of what to explain again.",
    ];

    /// <summary>
    /// A misconception, the same in other words, and another that shares more of its words: one who knows the words only puts the last two
    /// the wrong way round.
    /// </summary>
    public static IReadOnlyList<(string Text, string Paraphrase, string Other)> Meanings { get; } =
    [
        ("Adds the numerators and adds the denominators when adding fractions", "In fractions, sums the top with the top and the bottom with the bottom", "Reads the numbers and the letters on the axes when adding a graph"),
        ("Believes that multiplying always makes a number larger", "Thinks that a product is bigger than each of its factors", "Believes that the perimeter always makes the area"),
        ("Does not know the order of operations", "Carries out operations in the wrong order", "Does not know the names of triangles"),
    ];
}
