using System.Globalization;
using Malrule.Mining.Questions;

namespace Malrule.SampleBank;

/// <summary>The README.md of a generated bank: what is in it, how it was made, what it is not.</summary>
internal static class DataCard
{
    public static string Of(GeneratedBank bank, SampleBankOptions options)
    {
        int unseen = Labels(bank.Test).Count(bank.UnseenIds.Contains);
        return string.Create(CultureInfo.InvariantCulture, $"""
            # A bank of questions with known mal-rules

            Made by `malrule sample-bank --seed {options.Seed} --questions {options.Questions} --wordings {(options.Wordings == StemWordings.HeldOut ? "held-out" : "train")}{(options.LabelKeptOut ? " --label-kept-out" : "")}`; the same command makes the same bytes.
            Licence: CC0 1.0. No question, name or label is taken from another data set; the format is Kaggle's Eedi wide format.

            | file | questions | labelled distractors | what |
            |---|---|---|---|
            | `train.csv` | {bank.Train.Count} | {Labels(bank.Train).Count()} | to learn from: demonstrations and neighbours. A distractor of an unseen misconception is there, without its label |
            | `test.csv` | {bank.Test.Count} | {Labels(bank.Test).Count()} | to mine: {Labels(bank.Test).Count() - unseen} labels of seen and {unseen} of unseen misconceptions |
            | `kept-out.csv` | {bank.KeptOut.Count} | {Labels(bank.KeptOut).Count()} | to mine: misconceptions that the bundled models never met in training{(options.LabelKeptOut ? "; here they also label questions of `train.csv`" : "")} |
            | `misconception_mapping.csv` | | | the {bank.Catalogue.Count} misconceptions of {Curriculum.Constructs.Count} constructs |

            ## How it was made

            Every misconception is a procedure from a question's parameters to the wrong answer. Parameters are drawn, the key and the answers
            of all procedures are computed in exact arithmetic, and three wrong options are chosen. The four options of a question differ in
            text and in value. A distractor is labelled only if no other procedure of its construct gives the same answer on these parameters.
            No two questions of a bank share construct and parameters. Stems never contain the wording of a misconception.

            **Seen and unseen.** {bank.UnseenIds.Count} of the {bank.Catalogue.Count} misconceptions label no question of `train.csv`: {Ids(bank.UnseenIds)}.
            They are drawn by the seed, at least two of every construct staying seen.

            **Kept out of all training.** {bank.KeptOutIds.Count} misconceptions, one in each ten of the catalogue by place, are in no training data of the bundled
            language model and embedder, neither their procedures nor their names: {Ids(bank.KeptOutIds)}.

            **Apart from training.** Parameter sets are split by a hash: a fifth is for banks, the rest for training, so the bundled models have
            met no question of any bank. `--wordings held-out` writes the questions to mine in wordings that are in no training data either.

            ## What it is not

            The questions are made by templates and each is answered by one clean procedure. Pupils' errors are noisier, and several
            misconceptions may lead to one answer. Figures on this bank tell whether the method works and the software is right; they do not
            tell how well a model does on real questions.
            """);
    }

    private static IEnumerable<int> Labels(IEnumerable<Question> questions) =>
        questions.SelectMany(question => question.LabelledDistractors).Select(distractor => distractor.MisconceptionId!.Value);

    private static string Ids(IEnumerable<int> ids) => string.Join(", ", ids);
}
