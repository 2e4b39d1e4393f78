using Malrule.Inference;

namespace Malrule.Mining.Questions;

/// <summary>
/// All that a run reads: the questions to mine, the labelled questions that demonstrations and neighbours come from, and the catalogue.
/// Immutable.
/// </summary>
public sealed class QuestionBank
{
    /// <summary>A bank of what is already in memory.</summary>
    public QuestionBank(MisconceptionCatalogue catalogue, IEnumerable<Question> labelled, IEnumerable<Question> questions)
    {
        Catalogue = catalogue;
        Labelled = [.. labelled.OrderBy(question => question.Id)];
        Questions = [.. questions];
        IsLabelled = Questions.Any(question => question.LabelledDistractors.Any());
    }

    /// <summary>The misconceptions that distractors are mapped to.</summary>
    public MisconceptionCatalogue Catalogue { get; }

    /// <summary>The questions of <c>train.csv</c> by id; empty where the folder has none. Not all of their distractors carry a label.</summary>
    public IReadOnlyList<Question> Labelled { get; }

    /// <summary>The questions to mine, in the order of their file.</summary>
    public IReadOnlyList<Question> Questions { get; }

    /// <summary>Whether <see cref="Questions"/> carry labels, so that a ranking of them can be scored.</summary>
    public bool IsLabelled { get; private init; }

    /// <summary>The files this bank was read from, by the part each plays; empty for a bank made in memory.</summary>
    public IReadOnlyDictionary<string, string> Files { get; private init; } = new Dictionary<string, string>();

    /// <summary>
    /// The distractors to mine, by question id and letter: those with a label where <see cref="IsLabelled"/>, else every wrong option.
    /// </summary>
    public IEnumerable<Distractor> Distractors =>
        Questions.OrderBy(question => question.Id).SelectMany(question => IsLabelled ? question.LabelledDistractors : question.Distractors);

    /// <summary>The same bank with only <paramref name="count"/> of its questions to mine: the rows that pandas'
    /// <c>sample(count, random_state=seed)</c> picks from the file.</summary>
    /// <exception cref="InvalidInputException"><paramref name="count"/> is not from 1 to the number of questions.</exception>
    public QuestionBank Sample(int count, uint seed) =>
        count >= 1 && count <= Questions.Count
            ? new(Catalogue, Labelled, PandasSampler.Sample(Questions.Count, count, seed).Select(row => Questions[row])) { IsLabelled = IsLabelled, Files = Files }
            : throw new InvalidInputException($"A sample of {count} questions cannot be drawn from {Questions.Count}. Ask for 1 to {Questions.Count}.");

    /// <summary>
    /// Reads <c>misconception_mapping.csv</c>, <c>train.csv</c> where it is there, and the questions to mine: <paramref name="questionsFile"/>,
    /// or else <c>test.csv</c> where it is there, or else <c>train.csv</c>.
    /// </summary>
    /// <exception cref="InvalidInputException">A file or the folder is missing or wrong; the message says where and what to do.</exception>
    public static QuestionBank Load(string folder, string? questionsFile = null)
    {
        if (!Directory.Exists(folder))
            throw new InvalidInputException($"The data folder {folder} does not exist. Expected a folder with misconception_mapping.csv and train.csv.");

        string catalogueFile = Path.Combine(folder, "misconception_mapping.csv");
        string trainFile = Path.Combine(folder, "train.csv");
        string testFile = Path.Combine(folder, "test.csv");
        questionsFile ??= File.Exists(testFile) ? testFile : trainFile;
        if (!File.Exists(questionsFile) && File.Exists(Path.Combine(folder, questionsFile)))
            throw new InvalidInputException($"{questionsFile} does not exist here. The data folder has one: name it {Path.Combine(folder, questionsFile)}.");

        MisconceptionCatalogue catalogue = EediReader.ReadCatalogue(catalogueFile);
        Question[] labelled = File.Exists(trainFile) ? [.. EediReader.ReadQuestions(trainFile, catalogue)] : [];
        bool same = Path.GetFullPath(questionsFile) == Path.GetFullPath(trainFile);
        IEnumerable<Question> questions = same && labelled.Length > 0 ? labelled : EediReader.ReadQuestions(questionsFile, catalogue);

        var files = new Dictionary<string, string> { ["catalogue"] = catalogueFile, ["questions"] = questionsFile };
        if (labelled.Length > 0)
            files["labelled"] = trainFile;
        return new QuestionBank(catalogue, labelled, questions) { Files = files };
    }
}
