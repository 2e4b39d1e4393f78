#!/usr/bin/env dotnet
#:sdk Microsoft.NET.Sdk.Web
#:project ../src/Malrule.Mining/Malrule.Mining.csproj
#:property EnableDefaultRunWorkingDirectory=false

// Malrule inside an application: a service that tags the wrong answers of a question as it is being written.
//
//   dotnet run samples/tagging.cs -- [--data DIR] [--model DIR --embedder DIR] [--urls http://localhost:5000]
//   curl localhost:5000/tag --json '{"stem": "What is 1/2 + 1/3?", "options": ["5/6", "2/5", "1/6", "2/3"], "key": "A"}'
//
// Without models it ranks by words and by the labels of similar wrong answers, in milliseconds; with them also by what a language model
// infers. Whole files of questions are better mined as a run, which can be stopped, measured and looked at: MiningRun.RunAsync.

using Malrule.Inference;
using Malrule.Mining;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
QuestionBank bank = QuestionBank.Load(builder.Configuration["data"] ?? "samples/starter"); // or new QuestionBank(…) of what a database holds
builder.Services.AddSingleton(bank);
if (builder.Configuration["model"] is { } model && builder.Configuration["embedder"] is { } embedder)
{
    builder.Services.AddMalruleEngine(model, new EngineOptions { ModelLengthCap = 4096 }); // loaded at the first request
    builder.Services.AddMalruleEmbedder(embedder);
    builder.Services.AddSingleton<Inference>();
}
builder.Services.AddSingleton<Tagger>();
WebApplication app = builder.Build();

app.MapPost("/tag", (Draft draft, Tagger tagger, CancellationToken cancellation) => tagger.TagAsync(draft, cancellation));
app.Run();

/// <summary>A question as the author has it so far.</summary>
internal sealed record Draft(string Stem, string[] Options, char Key, string Construct = "", string Subject = "")
{
    public Question ToQuestion() => new()
    {
        Id = int.MaxValue, // no question of the bank
        ConstructName = Construct,
        SubjectName = Subject,
        Stem = Stem,
        Key = Key,
        Options = Options,
        MisconceptionIds = [null, null, null, null],
    };
}

internal sealed record Tag(char Letter, string Text, IReadOnlyList<Likely> Likely, IReadOnlyList<string> Inferred);

internal sealed record Likely(int MisconceptionId, string Name, double Probability);

/// <summary>Ranks the catalogue for every wrong option of a question.</summary>
internal sealed class Tagger(QuestionBank bank, Inference? inference = null)
{
    private readonly HybridRanker _byWordsAndLabels = new(bank.Labelled, bank.Catalogue);

    public async Task<IResult> TagAsync(Draft draft, CancellationToken cancellation)
    {
        if (draft.Options.Length != 4 || !Question.Letters.Contains(draft.Key))
            return Results.BadRequest("A question has four options, and the letter of one of them as its key.");
        Distractor[] distractors = [.. draft.ToQuestion().Distractors];
        IReadOnlyList<string[]> inferred = inference is null ? [.. distractors.Select(_ => Array.Empty<string>())] : await inference.InferAsync(distractors, cancellation);
        HybridRanker ranker = inference is null ? _byWordsAndLabels
            : new HybridRanker(bank.Labelled, bank.Catalogue, inferred: await inference.RankAsync(distractors, inferred, cancellation));
        return Results.Ok(distractors.Zip(inferred, (distractor, texts) => new Tag(distractor.Letter, distractor.Text,
            [.. ranker.Rank(distractor, top: 5).Select(candidate => new Likely(candidate.MisconceptionId, bank.Catalogue[candidate.MisconceptionId].Name, Math.Round(candidate.Score, 4)))], [.. texts.Distinct()])));
    }
}

/// <summary>What a language model infers, shown similar labelled questions, and what of the catalogue is nearest to it.</summary>
internal sealed class Inference(QuestionBank bank, LlmEngine engine, TextEmbedder embedder)
{
    private static readonly MiningOptions Defaults = new() { Data = "", Output = "" };
    private readonly Lazy<Task<CosineIndex>> _names = new(async () =>
        new CosineIndex(bank.Catalogue, (await embedder.EmbedAsync([.. bank.Catalogue.Items.Select(item => item.CleanName)])).Vectors));

    public async Task<IReadOnlyList<string[]>> InferAsync(Distractor[] distractors, CancellationToken cancellation)
    {
        var selector = new DemonstrationSelector(bank.Labelled, Defaults.Demonstrations, Defaults.Seed);
        var prompts = new PromptBuilder(Defaults.Prompt, bank.Catalogue);
        IReadOnlyList<RequestOutput> outputs = await engine.ChatAsync(
            [.. distractors.Select(distractor => prompts.Build(distractor, selector.Select(distractor)))], Defaults.Sampling with { Seed = Defaults.Seed }, cancellation);
        return [.. outputs.Select(output => output.Error is null ? output.Outputs.Select(text => text.Text.Trim()).ToArray() : throw output.Error)];
    }

    public async Task<InferredRanker> RankAsync(Distractor[] distractors, IReadOnlyList<string[]> inferred, CancellationToken cancellation)
    {
        CosineIndex names = await _names.Value;
        string[] texts = [.. inferred.SelectMany(text => text).Where(text => text.Length > 0).Distinct()];
        EmbeddingMatrix vectors = (await embedder.EmbedAsync(texts, cancellation)).Vectors;
        Dictionary<string, int> rows = texts.Index().ToDictionary(text => text.Item, text => text.Index);
        var samples = distractors.Zip(inferred).ToDictionary(pair => pair.First.Id, pair => DistinctSamples.Of(pair.Second));
        return new InferredRanker(bank.Catalogue, samples, (some, scores) =>
        {
            var cosines = new float[bank.Catalogue.Count];
            for (int i = 0; i < some.Count; i++)
            {
                names.Scores(vectors[rows[some[i]]], cosines);
                for (int name = 0; name < cosines.Length; name++)
                    scores[i * cosines.Length + name] = cosines[name];
            }
        });
    }
}
