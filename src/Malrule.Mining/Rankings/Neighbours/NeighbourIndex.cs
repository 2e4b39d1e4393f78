using System.Buffers;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Rankings.Neighbours;

/// <summary>
/// Similarities of a distractor to all labelled ones: the TF-IDF cosine of the two questions (construct, subject, stem), raised by that of the
/// two wrong options, in 0 to 1. The question under test is never its own neighbour: distractors of a question with its id have similarity 0.
/// </summary>
internal sealed class NeighbourIndex
{
    private readonly NeighbourOptions _options;
    private readonly Question[] _questions;
    private readonly Distractor[] _distractors;
    private readonly int[] _questionOf; // [distractors]
    private readonly TfIdfVectorizer _questionTerms, _answerTerms;
    private readonly InvertedIndex _questionIndex, _answerIndex;

    public NeighbourIndex(IEnumerable<Question> labelled, MisconceptionCatalogue catalogue, NeighbourOptions options)
    {
        _options = options;
        _questions = [.. labelled.Where(question => question.LabelledDistractors.Any())];
        _distractors = [.. _questions.SelectMany(question => question.LabelledDistractors)];
        _questionOf = [.. _questions.SelectMany((question, i) => question.LabelledDistractors.Select(_ => i))];
        Rows = Array.ConvertAll(_distractors, distractor => catalogue.Contains(distractor.MisconceptionId!.Value)
            ? catalogue.IndexOf(distractor.MisconceptionId.Value)
            : throw new InvalidInputException($"Distractor {distractor.Id} is labelled with misconception {distractor.MisconceptionId}, which the catalogue does not hold. Correct the label or add the misconception."));
        _questionTerms = new TfIdfVectorizer(_questions.Select(LexicalRanker.QuestionText), MathTokenizer.TermsAndSymbols);
        _answerTerms = new TfIdfVectorizer(_distractors.Select(distractor => distractor.Text), MathTokenizer.TermsAndSymbols);
        _questionIndex = new InvertedIndex([.. _questions.Select(Vector)], _questionTerms.TermCount);
        _answerIndex = new InvertedIndex([.. _distractors.Select(Vector)], _answerTerms.TermCount);
    }

    /// <summary>Number of labelled distractors.</summary>
    public int Count => _distractors.Length;

    /// <summary>The labelled distractors.</summary>
    public IReadOnlyList<Distractor> Distractors => _distractors;

    /// <summary>The catalogue row that each labelled distractor points at.</summary>
    public int[] Rows { get; }

    /// <summary>Writes the similarity of <paramref name="distractor"/> to each labelled one.</summary>
    public void Similarities(Distractor distractor, Span<double> similarities)
    {
        double[] questions = ArrayPool<double>.Shared.Rent(_questions.Length);
        Span<double> ofQuestion = questions.AsSpan(0, _questions.Length);
        _questionIndex.Scores(Vector(distractor.Question), ofQuestion);
        _answerIndex.Scores(Vector(distractor), similarities);
        for (int i = 0; i < _distractors.Length; i++)
        {
            bool own = _questions[_questionOf[i]].Id == distractor.Question.Id;
            similarities[i] = own ? 0 : ofQuestion[_questionOf[i]] * (1 + _options.Answer * similarities[i]) / (1 + _options.Answer);
        }
        ArrayPool<double>.Shared.Return(questions);
    }

    private SparseVector Vector(Question question) => _questionTerms.Vector(
        new(question.ConstructName, _options.Construct), new(question.SubjectName, _options.Subject), new(question.Stem, _options.Stem));

    private SparseVector Vector(Distractor distractor) => _answerTerms.Vector(new WeightedText(distractor.Text));
}
