using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Results;

/// <summary>A run's results as JSON Lines: one object a distractor, in the order of question id and letter, with all that a reader needs to use it alone.</summary>
public static class ResultLines
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the lines.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="run">The run.</param>
    /// <param name="top">Most candidates of a distractor.</param>
    /// <param name="cancellationToken">Stops between lines.</param>
    /// <exception cref="InvalidInputException">A file of the run is wrong.</exception>
    public static void Write(TextWriter output, FinishedRun run, int top, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(run);
        var line = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(line, Readable);
        foreach (MinedDistractor item in run.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(json, item, run.Bank.Catalogue, top);
            json.Flush();
            output.Write(Encoding.UTF8.GetString(line.WrittenSpan));
            output.Write('\n');
            line.ResetWrittenCount();
            json.Reset();
        }
    }

    private static void Write(Utf8JsonWriter json, MinedDistractor item, MisconceptionCatalogue catalogue, int top)
    {
        Question question = item.Distractor.Question;
        json.WriteStartObject();
        json.WriteString("id", item.Distractor.Id);
        json.WriteNumber("question_id", question.Id);
        if (question.SourceId is not null)
            json.WriteString("source_id", question.SourceId);
        json.WriteString("letter", item.Distractor.Letter.ToString());
        json.WriteString("construct", question.ConstructName);
        json.WriteString("subject", question.SubjectName);
        json.WriteString("stem", question.Stem);
        json.WriteString("key_letter", question.Key.ToString());
        json.WriteString("key", question.KeyText);
        json.WriteString("distractor", item.Distractor.Text);
        if (item.Distractor.MisconceptionId is { } label)
        {
            json.WriteStartObject("label");
            WriteMisconception(json, catalogue[label]);
            json.WriteEndObject();
            json.WriteNumber("label_rank", AveragePrecision.Rank(item.Candidates, label));
        }
        json.WriteStartArray("candidates");
        foreach (Candidate candidate in item.Candidates.Take(top))
        {
            json.WriteStartObject();
            WriteMisconception(json, catalogue[candidate.MisconceptionId]);
            json.WriteNumber("score", candidate.Score);
            if (item.Reranked is not null)
                json.WriteNumber("first_rank", AveragePrecision.Rank(item.Reranked.First, candidate.MisconceptionId));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (item.Reranked is { } reranked)
            json.WriteNumber("none", reranked.None);
        if (item.Error is not null)
            json.WriteString("error", item.Error);
        WriteList("texts", item.Inferred, json.WriteStringValue);
        WriteList("demonstrations", item.Demonstrations, json.WriteNumberValue);
        json.WriteEndObject();

        void WriteList<T>(string name, IEnumerable<T> values, Action<T> write)
        {
            json.WriteStartArray(name);
            foreach (T value in values)
                write(value);
            json.WriteEndArray();
        }
    }

    private static void WriteMisconception(Utf8JsonWriter json, Misconception misconception)
    {
        json.WriteNumber("id", misconception.Id);
        if (misconception.SourceId is not null)
            json.WriteString("source_id", misconception.SourceId);
        json.WriteString("name", misconception.CleanName);
    }
}
