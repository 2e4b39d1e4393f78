#!/usr/bin/env dotnet
#:project ../../src/Malrule.Mining/Malrule.Mining.csproj
#:property PublishAot=false

// Times the ranking of many distractors over a large catalogue: by words, and by embeddings of random direction beside what the machine's fused
// multiply-adds can do. Names and questions are those of a data folder, cut in two and put together anew.
//
//   dotnet run -c Release eng/tables/large-catalogue.cs -- DATA_FOLDER [MISCONCEPTIONS 100000] [DISTRACTORS 10000] [DIMENSIONS 768] [lexical|embeddings|hybrid]

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;

if (args.Length is < 1 or > 5)
{
    Console.Error.WriteLine("usage: dotnet run -c Release eng/tables/large-catalogue.cs -- DATA_FOLDER [MISCONCEPTIONS] [DISTRACTORS] [DIMENSIONS] [lexical|embeddings|hybrid]");
    return 2;
}
int Number(int place, int otherwise) => args.Length > place ? int.Parse(args[place]) : otherwise;
int misconceptions = Number(1, 100_000), count = Number(2, 10_000), dimensions = Number(3, 768);
string what = args.Length > 4 ? args[4] : "all";

var random = new Random(1);
QuestionBank bank = QuestionBank.Load(args[0]);
string[][] names = [.. bank.Catalogue.Items.Select(item => item.Name.Split(' '))];
string Mixed(string[][] texts)
{
    string[] head = texts[random.Next(texts.Length)], tail = texts[random.Next(texts.Length)];
    return string.Join(' ', [.. head[..((head.Length + 1) / 2)], .. tail[(tail.Length / 2)..]]);
}
var catalogue = new MisconceptionCatalogue([.. Enumerable.Range(0, misconceptions).Select(id => new Misconception(id, Mixed(names)))]);
string[][] stems = [.. bank.Labelled.Select(question => question.Stem.Split(' '))];
Distractor[] distractors =
[
    .. Enumerable.Range(0, count).Select(i => bank.Labelled[i % bank.Labelled.Count] with { Id = 1_000_000 + i, Stem = Mixed(stems) })
        .Select(question => question.Distractors.First()),
];
Console.WriteLine($"{misconceptions} misconceptions, {count} distractors, {Environment.ProcessorCount} threads; {Memory()}");

if (what is "all" or "lexical")
{
    var clock = Stopwatch.StartNew();
    var ranker = new LexicalRanker(catalogue, bank.Labelled);
    double indexed = clock.Elapsed.TotalSeconds;
    int found = ranker.RankAll(distractors).Sum(list => list.Count);
    Console.WriteLine($"lexical: index {indexed:F2} s, rank {clock.Elapsed.TotalSeconds - indexed:F2} s, {found} candidates; {Memory()}");
}
if (what is "all" or "embeddings")
{
    EmbeddingMatrix vectors = Vectors(misconceptions), queries = Vectors(count);
    var clock = Stopwatch.StartNew();
    var index = new CosineIndex(catalogue, vectors);
    double packed = clock.Elapsed.TotalSeconds;
    int found = index.Top(queries).Sum(list => list.Count);
    double seconds = clock.Elapsed.TotalSeconds - packed, speed = 2e-9 * misconceptions * count * dimensions / seconds, peak = Peak();
    Console.WriteLine($"embeddings: pack {packed:F2} s, rank {seconds:F2} s ({speed:F0} GFLOP/s, {speed / peak:P0} of the fp32 peak of {peak:F0}), {found} candidates; {Memory()}");
}
if (what is "all" or "hybrid")
{
    var clock = Stopwatch.StartNew();
    var ranker = new HybridRanker(bank.Labelled, catalogue);
    int found = ranker.RankAll(distractors).Sum(list => list.Count);
    Console.WriteLine($"hybrid of words and neighbours: fit and rank {clock.Elapsed.TotalSeconds:F2} s, {found} candidates; {Memory()}");
}
return 0;

EmbeddingMatrix Vectors(int rows)
{
    var values = new float[rows * dimensions];
    for (int i = 0; i < values.Length; i++)
        values[i] = random.NextSingle() - 0.5f;
    return new EmbeddingMatrix(values, rows, dimensions);
}

// The best of some trials of independent chains of multiply-adds on all threads, in GFLOP/s.
static double Peak()
{
    const int rounds = 200_000, chains = 12;
    bool wide = Vector512.IsHardwareAccelerated;
    double best = 0;
    for (int trial = 0; trial < 40; trial++)
    {
        var clock = Stopwatch.StartNew();
        Parallel.For(0, Environment.ProcessorCount, _ =>
        {
            float ignored = wide ? Multiply512(rounds, 1, 0) : Multiply256(rounds, 1, 0);
        });
        best = Math.Max(best, 2e-9 * rounds * chains * (wide ? 16 : 8) * Environment.ProcessorCount / clock.Elapsed.TotalSeconds);
    }
    return best;
}

[MethodImpl(MethodImplOptions.AggressiveOptimization)]
static float Multiply512(int rounds, float factor, float term)
{
    Vector512<float> x = Vector512.Create(factor), y = Vector512.Create(term), a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
    for (int round = 0; round < rounds; round++)
    {
        a = Vector512.FusedMultiplyAdd(a, x, y);
        b = Vector512.FusedMultiplyAdd(b, x, y);
        c = Vector512.FusedMultiplyAdd(c, x, y);
        d = Vector512.FusedMultiplyAdd(d, x, y);
        e = Vector512.FusedMultiplyAdd(e, x, y);
        f = Vector512.FusedMultiplyAdd(f, x, y);
        g = Vector512.FusedMultiplyAdd(g, x, y);
        h = Vector512.FusedMultiplyAdd(h, x, y);
        i = Vector512.FusedMultiplyAdd(i, x, y);
        j = Vector512.FusedMultiplyAdd(j, x, y);
        k = Vector512.FusedMultiplyAdd(k, x, y);
        l = Vector512.FusedMultiplyAdd(l, x, y);
    }
    return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
}

[MethodImpl(MethodImplOptions.AggressiveOptimization)]
static float Multiply256(int rounds, float factor, float term)
{
    Vector256<float> x = Vector256.Create(factor), y = Vector256.Create(term), a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
    for (int round = 0; round < rounds; round++)
    {
        a = Vector256.FusedMultiplyAdd(a, x, y);
        b = Vector256.FusedMultiplyAdd(b, x, y);
        c = Vector256.FusedMultiplyAdd(c, x, y);
        d = Vector256.FusedMultiplyAdd(d, x, y);
        e = Vector256.FusedMultiplyAdd(e, x, y);
        f = Vector256.FusedMultiplyAdd(f, x, y);
        g = Vector256.FusedMultiplyAdd(g, x, y);
        h = Vector256.FusedMultiplyAdd(h, x, y);
        i = Vector256.FusedMultiplyAdd(i, x, y);
        j = Vector256.FusedMultiplyAdd(j, x, y);
        k = Vector256.FusedMultiplyAdd(k, x, y);
        l = Vector256.FusedMultiplyAdd(l, x, y);
    }
    return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
}

static string Memory() => $"peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB";
