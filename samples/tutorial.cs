#!/usr/bin/env dotnet
#:project ../src/Malrule.Mining/Malrule.Mining.csproj

// Few-shot misconception mining, step by step: the eight sections of the Python tutorial that Malrule started from
// ("Few shot with Qwen2.5-3B-Instruct-AWQ and vLLM"), in its order and with its names. `malrule mine --preset tutorial` does the same.
//
//   dotnet run samples/tutorial.cs -- --data DIR --model DIR --embedder DIR [--rows 100]

// ## 1. Import the libraries

using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Results;

Dictionary<string, string> arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair.Length == 2 ? pair[1] : throw new ArgumentException($"{pair[0]} needs a value."));
var random = new Random(1); // the tutorial's is not seeded

// ## 2. Load the data

const int k = 3;

bool trainEval = Environment.GetEnvironmentVariable("KAGGLE_IS_COMPETITION_RERUN") is null;
int nTrainEvalRows = int.Parse(arguments.GetValueOrDefault("--rows", "100"));

string compDir = arguments.GetValueOrDefault("--data", "samples/starter");
string llmModelPath = arguments.GetValueOrDefault("--model", "Qwen/Qwen2.5-3B-Instruct-AWQ");
string embedModelPath = arguments.GetValueOrDefault("--embedder", "nomic-ai/nomic-embed-text-v1.5");

QuestionBank bank = QuestionBank.Load(compDir, Path.Combine(compDir, trainEval ? "train.csv" : "test.csv"));
if (trainEval)
    bank = bank.Sample(Math.Min(nTrainEvalRows, bank.Questions.Count), seed: 3);
MisconceptionCatalogue misconceptions = bank.Catalogue;

Console.WriteLine($"train {bank.Labelled.Count}, test {bank.Questions.Count}, misconceptions {misconceptions.Count}");

// ## 3. Start Qwen2.5-3B-Instruct-AWQ
// If memory is short, Malrule generates fewer sequences at once; nothing has to be set for that.

LlmEngine llm = await LlmEngine.LoadAsync(llmModelPath, new EngineOptions { MaxModelLength = 4096, Memory = 0.8 });

Console.WriteLine($"{llm.Info.KernelPath}; {llm.Info.Memory}");

// ## 4. Post-process the data: one row for each option

Row[] test = WideToLong(bank.Questions.OrderBy(question => question.Id));
Row[] train = WideToLong(bank.Labelled);

Row[] WideToLong(IEnumerable<Question> questions) =>
[
    .. from question in questions
       from answerId in Question.Letters
       let option = Question.Letters.IndexOf(answerId)
       let misconceptionId = question.MisconceptionIds[option]
       select new Row(question, answerId, question.Options[option], misconceptionId, misconceptionId is null ? null : misconceptions[misconceptionId.Value].Name),
];

// ## 5. Helper functions

// The ids of the questions most similar to a construct and subject: of both, else of either, else any.
List<int> GetTopkSimilarRows(int questionId, string construct, string subject, int topK)
{
    List<int> Ids(Func<Question, bool> similar) =>
        [.. bank.Labelled.Where(question => similar(question) && !(trainEval && question.Id == questionId)).Select(question => question.Id)];

    List<int> similarCs = Ids(question => question.ConstructName == construct && question.SubjectName == subject);
    if (similarCs.Count >= topK)
        return Sample(similarCs, topK);

    List<int> similarCOrS = Ids(question => question.ConstructName == construct ^ question.SubjectName == subject);
    if (similarCOrS.Count >= topK - similarCs.Count)
        return [.. similarCs, .. Sample(similarCOrS, topK - similarCs.Count)];

    List<int> notSoSimilar = Ids(question => question.ConstructName != construct && question.SubjectName != subject);
    return [.. similarCOrS, .. Sample(notSoSimilar, topK - similarCOrS.Count)]; // the tutorial forgets similarCs here
}

List<int> Sample(List<int> from, int count)
{
    int[] shuffled = [.. from];
    random.Shuffle(shuffled);
    return [.. shuffled.Take(count)];
}

// The chat that shows a question, its correct answer and an incorrect one; the misconception too where it is known.
IEnumerable<ChatMessage> GetConversationMsgs(string question, string correctAns, string incorrectAns, string? misconception)
{
    yield return new ChatMessage("user", "Question: " + question.Trim());
    yield return new ChatMessage("assistant", "Provide me with the correct answer for a baseline.");
    yield return new ChatMessage("user", "Correct Answer: " + correctAns.Trim());
    yield return new ChatMessage("assistant", "Now provide the incorrect answer and I will anaylze the difference to infer the misconception.");
    yield return new ChatMessage("user", "Incorrect Answer: " + incorrectAns.Trim());
    if (misconception is not null)
        yield return new ChatMessage("assistant", "Misconception for incorrect answer: " + misconception);
}

// ## 6. Use llm.chat: n outputs of a higher temperature are n ideas of the misconception, to be ranked together later

var samplingParams = new SamplingParams
{
    N = 10,                   // output sequences for each prompt
    // TopP = 0.5,            // cumulative probability of the tokens to consider
    Temperature = 0.7,        // randomness of the sampling
    Seed = 1,                 // for reproducibility
    SkipSpecialTokens = true, // whether special tokens are left out of the text
    MaxTokens = 64,           // longest output
    Stop = ["\n\n", ". "],    // strings that end an output
};

var asked = new List<(Row Row, List<int> ContextQids)>();
var conversations = new List<IReadOnlyList<ChatMessage>>();
foreach (Row row in test)
{
    if (row.AnswerId == row.Question.Key || (trainEval && row.MisconceptionId is null))
        continue;
    List<int> contextQids = GetTopkSimilarRows(row.Question.Id, row.Question.ConstructName, row.Question.SubjectName, k);
    var messages = new List<ChatMessage>();
    foreach (int qid in contextQids)
    {
        foreach (Row shown in train.Where(shown => shown.Question.Id == qid && shown.MisconceptionName is not null))
            messages.AddRange(GetConversationMsgs(shown.Question.Stem, shown.Question.KeyText, shown.Value, shown.MisconceptionName));
    }
    messages.AddRange(GetConversationMsgs(row.Question.Stem, row.Question.KeyText, row.Value, misconception: null));
    conversations.Add(messages);
    asked.Add((row, contextQids));
}

// The tutorial asks one by one; asked together, the prompts share their batches.
IReadOnlyList<RequestOutput> outputs = await llm.ChatAsync(conversations, samplingParams);
string[][] inferredMisconceptions =
[
    .. outputs.Select(output => output.Error is null
        ? output.Outputs.Select(imc => imc.Text.Split(':')[^1].Trim()).ToArray()
        : throw output.Error),
];

Console.WriteLine($"{inferredMisconceptions.Length} distractors, the first: {string.Join(" | ", inferredMisconceptions.FirstOrDefault([]).Take(3))}");

// ## 7. Find the most similar misconceptions
// Delete the model and give its memory back before the embedding model comes.

await llm.DisposeAsync();

TextEmbedder embedModel = await TextEmbedder.LoadAsync(embedModelPath, new EmbedderOptions { Pooling = Pooling.Cls, MaxTokens = 1024 });

async Task<EmbeddingMatrix> GenerateEmbeddings(IReadOnlyList<string> texts) => (await embedModel.EmbedAsync(texts)).Vectors;

EmbeddingMatrix allCtxVector = await GenerateEmbeddings([.. misconceptions.Items.Select(misconception => misconception.Name)]);

Console.WriteLine($"embeddings {allCtxVector.Count} × {allCtxVector.Dimensions}");

// Combine the rankings of all outputs: Borda count is a very simple rank fusion.
var bordaCount = new RankFusion(misconceptions, FusionOptions.Tutorial);
var submission = new List<MinedDistractor>();
foreach (((Row row, List<int> contextQids), string[] inferred) in asked.Zip(inferredMisconceptions))
{
    EmbeddingMatrix allTextVector = await GenerateEmbeddings(inferred);
    var nResults = new List<Vote>();
    for (int i = 0; i < inferred.Length; i++)
    {
        double[] cosineSimilarities = new double[misconceptions.Count];
        CosineSimilarity.Scores(allTextVector[i], allCtxVector, cosineSimilarities);
        nResults.Add(new Vote(cosineSimilarities));
    }
    IReadOnlyList<Candidate> finalRanking = bordaCount.Fuse(nResults, top: 25);
    submission.Add(new MinedDistractor(new Distractor(row.Question, row.AnswerId), finalRanking) { Inferred = inferred, Demonstrations = contextQids });
}
await embedModel.DisposeAsync();

// ## 8. Submit

if (trainEval)
{
    ResultFiles.WriteDebug("submission_debug.csv", submission, misconceptions);
    Console.WriteLine($"MAP@25 {submission.Average(row => AveragePrecision.At(row.Candidates, row.Distractor.MisconceptionId!.Value)):F4}");
}

ResultFiles.WriteSubmission("submission.csv", submission);

foreach (string line in File.ReadLines("submission.csv").Take(5))
    Console.WriteLine(line);

internal sealed record Row(Question Question, char AnswerId, string Value, int? MisconceptionId, string? MisconceptionName);
