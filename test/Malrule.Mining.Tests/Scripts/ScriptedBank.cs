using System.Text;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Tests.Scripts;

/// <summary>A data folder of small made-up questions, two labels each, and folders that stand for checkpoints.</summary>
internal static class ScriptedBank
{
    private static readonly string[] Constructs = ["Add fractions", "Name angles", "Order decimals"];

    public static void Write(string folder, int questions)
    {
        Directory.CreateDirectory(folder);
        var catalogue = new StringBuilder("MisconceptionId,MisconceptionName\n");
        for (int id = 0; id < 30; id++)
            catalogue.Append(FormattableString.Invariant($"{id},Believes that idea {id} holds{(id == 4 ? " " : "")}\n"));
        File.WriteAllText(Path.Combine(folder, "misconception_mapping.csv"), catalogue.ToString());

        var train = new StringBuilder("QuestionId,ConstructName,SubjectName,CorrectAnswer,QuestionText,AnswerAText,AnswerBText,AnswerCText,AnswerDText,MisconceptionAId,MisconceptionBId,MisconceptionCId,MisconceptionDId\n");
        for (int id = 0; id < questions; id++)
            train.Append(FormattableString.Invariant($"{id},{Constructs[id % 3]},Number,A,\"What is {id} + {id * 7 % 11},\nand why?\",key {id},wrong {id}B,wrong {id}C,wrong {id}D,,{id % 9}.0,,{id * 5 % 30}.0\n"));
        File.WriteAllText(Path.Combine(folder, "train.csv"), train.ToString());

        foreach (string model in (string[])["model", "embedder"])
        {
            Directory.CreateDirectory(Path.Combine(folder, model));
            File.WriteAllText(Path.Combine(folder, model, "config.json"), $"{{\"model_type\":\"{model}\"}}");
        }
    }

    /// <summary>A run that asks a language model for nothing but the order of candidates: 6 requests a distractor.</summary>
    public static MiningOptions RerankOptions(string folder, string output) =>
        Options(folder, output) with { Method = MiningMethod.Neighbours, Rerank = new RerankOptions { Candidates = 12, Window = 4, Permutations = 2 } };

    public static MiningOptions Options(string folder, string output, MiningPreset preset = MiningPreset.Default)
    {
        MiningOptions options = MiningOptions.Of(preset, folder, output);
        return options with { Model = Path.Combine(folder, "model"), Embedder = Path.Combine(folder, "embedder"), Sampling = options.Sampling with { N = 4 } };
    }
}
