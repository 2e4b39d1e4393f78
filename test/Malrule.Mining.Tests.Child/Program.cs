using Malrule.Inference;
using Malrule.Mining;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Tests.Scripts;

// A run with scripted models in a process of its own, for tests that kill it: it says on stdout what it is asked to generate,
// when each item comes, what it reports as safe, and which stage it has reached.
string data = args[0], output = args[1];
MiningOptions options = args is [_, _, "rerank"] ? ScriptedBank.RerankOptions(data, output) : ScriptedBank.Options(data, output);
var generator = new ScriptedGenerator
{
    Before = (finished, _) =>
    {
        Say($"item {finished}");
        Thread.Sleep(1);
        return Task.CompletedTask;
    },
};
try
{
    await MiningRun.RunAsync(
        options, () => Task.FromResult<IGenerator>(generator), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), new Reporter(), CancellationToken.None);
    Say("finished");
    return 0;
}
catch (MalruleException error)
{
    Say($"error {error.GetType().Name} {error.Message}");
    return 1;
}

static void Say(string line)
{
    Console.Out.WriteLine(line);
    Console.Out.Flush();
}

internal sealed class Reporter : IProgress<MiningProgress>
{
    public void Report(MiningProgress value)
    {
        Console.Out.WriteLine(value is { Stage: MiningStage.Generating or MiningStage.Reranking, Total: > 0 } ? $"safe {value.Done}" : $"stage {value.Stage}");
        Console.Out.Flush();
    }
}
