using CsvHelper;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Results;

/// <summary>The CSV files of a run: RFC 4180 with line feeds, fields quoted only where needed, as pandas writes them.</summary>
public static class ResultFiles
{
    /// <summary>Most candidates Kaggle's metric takes.</summary>
    public const int SubmissionDepth = 25;

    private static readonly CsvWriterOptions Csv = new() { NewLine = "\n" };

    /// <summary>Kaggle's submission: at most 25 ids a distractor, separated by spaces.</summary>
    public static void WriteSubmission(string path, IEnumerable<MinedDistractor> mined) => WriteRecords(path, ["QuestionId_Answer", "MisconceptionId"],
        mined.Select(item => new[] { item.Distractor.Id, string.Join(' ', Ids(item)) }));

    /// <summary>The tutorial's table for labelled distractors, with Python's lists in its cells.</summary>
    public static void WriteDebug(string path, IEnumerable<MinedDistractor> mined, MisconceptionCatalogue catalogue) => WriteRecords(path,
        ["QuestionId_Answer", "InferredMisconception", "TopKQuestionIDs", "MisconceptionIdGT", "MisconceptionNameGT", "MisconceptionId", "apk@25"],
        from item in mined
        let gold = item.Distractor.MisconceptionId
        where gold is not null
        select new[]
        {
            item.Distractor.Id,
            PythonText.Of(item.Inferred),
            PythonText.Of(item.Demonstrations),
            PythonText.Of([gold.Value]),
            catalogue[gold.Value].Name,
            PythonText.Of(Ids(item)),
            PythonText.Of(AveragePrecision.At(item.Candidates, gold.Value, SubmissionDepth)),
        });

    /// <summary>Every candidate with its score, one a record; of reranked runs also its rank and score before.</summary>
    public static void WriteCandidates(string path, IReadOnlyList<MinedDistractor> mined, MisconceptionCatalogue catalogue)
    {
        bool reranked = mined.Any(item => item.Reranked is not null);
        string[] header = ["QuestionId_Answer", "Rank", "MisconceptionId", "MisconceptionName", "Score"];
        WriteRecords(path, reranked ? [.. header, "FirstRank", "FirstScore"] : header, mined.SelectMany(item =>
        {
            Dictionary<int, (int Rank, double Score)>? first = reranked
                ? (item.Reranked?.First ?? item.Candidates).Index().ToDictionary(entry => entry.Item.MisconceptionId, entry => (entry.Index + 1, entry.Item.Score)) : null;
            return item.Candidates.Select((candidate, index) => (string[])
            [
                item.Distractor.Id,
                FormattableString.Invariant($"{index + 1}"),
                FormattableString.Invariant($"{candidate.MisconceptionId}"),
                catalogue[candidate.MisconceptionId].CleanName,
                FormattableString.Invariant($"{candidate.Score:R}"),
                .. first is null ? (string[])[] : [FormattableString.Invariant($"{first[candidate.MisconceptionId].Rank}"), FormattableString.Invariant($"{first[candidate.MisconceptionId].Score:R}")],
            ]);
        }));
    }

    /// <summary>Every inferred text with the names nearest to it, one a line, as texts first come.</summary>
    public static void WriteNearest(string path, IEnumerable<MinedDistractor> mined) => NearestLine.Format.Write(path, mined
        .SelectMany(item => item.Inferred.Zip(item.Nearest)).Where(text => text.Second.Count > 0).DistinctBy(text => text.First)
        .Select(text => new NearestLine { Text = text.First, Ids = [.. text.Second.Select(name => name.MisconceptionId)], Scores = [.. text.Second.Select(name => name.Score)] }));

    private static IEnumerable<int> Ids(MinedDistractor item) => item.Candidates.Take(SubmissionDepth).Select(candidate => candidate.MisconceptionId);

    private static void WriteRecords(string path, string[] header, IEnumerable<string[]> records) => AtomicFile.Write(path, stream =>
    {
        using var csv = CsvWriter.Create(stream, Csv, leaveOpen: true);
        foreach (string[] record in records.Prepend(header))
            csv.WriteRecord(record);
    });
}
