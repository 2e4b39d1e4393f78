#!/usr/bin/env dotnet
#:project ../../src/Malrule.Mining/Malrule.Mining.csproj
#:property PublishAot=false

// Prints the tables on Eedi of docs/results.md: every method without a model on every split, and, with a file of inferred texts, what these are worth,
// alone and beside the rest.
//
//   dotnet run -c Release eng/tables/baselines.cs -- DATA_FOLDER [GENERATIONS.jsonl]

using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;

if (args.Length is < 1 or > 2)
{
    Console.Error.WriteLine("usage: dotnet run -c Release eng/tables/baselines.cs -- DATA_FOLDER [GENERATIONS.jsonl]");
    return 2;
}
try
{
    QuestionBank bank = QuestionBank.Load(args[0]);
    var progress = new StandardError();
    Console.WriteLine(BaselineTable.Of(bank, progress: progress).ToMarkdown());
    if (args.Length == 2)
    {
        Dictionary<string, IReadOnlyList<string>> texts = GenerationFile.Read(args[1]).ToDictionary(entry => entry.Key, entry => entry.Value.Texts);
        Console.WriteLine(InferredTable.Of(bank, texts, progress: progress).ToMarkdown());
    }
    return 0;
}
catch (InvalidInputException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

internal sealed class StandardError : IProgress<string>
{
    public void Report(string value) => Console.Error.WriteLine(value);
}
