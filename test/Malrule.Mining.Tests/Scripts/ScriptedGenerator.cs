using System.Runtime.CompilerServices;
using Malrule.Inference;
using Malrule.Mining.Generations;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Tests.Scripts;

/// <summary>
/// A generator whose texts follow from prompt, seed and sample alone and whose requests finish in a shuffled order, so that runs can be
/// compared byte for byte without a model.
/// </summary>
internal sealed class ScriptedGenerator : IGenerator
{
    private EngineStatistics _statistics = new(0, 0, 0, 0, 0);

    /// <summary>All requests it was asked to serve, in order.</summary>
    public List<GenerationRequest> Requests { get; } = [];

    /// <summary>Writes the text of a sample; by default a hash of prompt, seed and sample.</summary>
    public Func<GenerationRequest, int, int, string> Text { get; init; } = (request, _, sample) =>
        $"Misconception: idea {Hash($"{LastTurn(request)}|{request.Sampling.Seed}|{sample}") % 7}";

    /// <summary>Requests by their last turn that fail, and why.</summary>
    public Func<GenerationRequest, string?> Failure { get; init; } = _ => null;

    /// <summary>Called before each request finishes, with the number of those that did.</summary>
    public Func<int, CancellationToken, Task> Before { get; init; } = (_, _) => Task.CompletedTask;

    public string KernelPath { get; init; } = "scripted";

    public IReadOnlyList<string> Description => [$"Model: {KernelPath}"];

    public int? MaxModelLength { get; init; } = 4096;

    public bool CountsTokens { get; init; } = true;

    public bool CountsCachedTokens => true;

    public EngineStatistics Statistics => Volatile.Read(ref _statistics);

    public bool Disposed { get; private set; }

    public static string LastTurn(GenerationRequest request) => ((Prompt.FromConversation)request.Prompt).Messages[^1].Content;

    public int CountTokens(IReadOnlyList<ChatMessage> conversation) => conversation.Sum(turn => turn.Content.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);

    public Task<GenerationTrial?> TryAsync(GenerationRequest request, int tokens, CancellationToken cancellationToken) =>
        Task.FromResult(Failure(request) is null ? new GenerationTrial(0.001, 0.002, CountsTokens ? 1 : 2) : null);

    public async IAsyncEnumerable<GeneratorOutput> StreamAsync(IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Requests.AddRange(requests);
        int finished = 0;
        foreach (int index in Enumerable.Range(0, requests.Count).OrderBy(index => Hash($"{LastTurn(requests[index])}|{index}")))
        {
            await Before(finished++, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            GenerationRequest request = requests[index];
            request.Sampling.Validate();
            int prompt = CountTokens(((Prompt.FromConversation)request.Prompt).Messages);
            _statistics = _statistics with { PromptTokens = _statistics.PromptTokens + prompt, GeneratedTokens = _statistics.GeneratedTokens + request.Sampling.N };
            string? failure = Failure(request);
            int[] samples = failure is null ? [.. Enumerable.Range(0, request.Sampling.N)] : [];
            yield return new GeneratorOutput(index)
            {
                PromptTokens = prompt,
                Error = failure,
                Texts = [.. samples.Select(sample => Text(request, index, sample))],
                Tokens = [.. samples.Select(_ => 3)],
                GeneratedTokens = 3 * samples.Length,
                CumulativeLogprobs = [.. samples.Select(sample => -Hash($"{request.Sampling.Seed}|{sample}") / 1e9)],
                FinishReasons = [.. samples.Select(sample => sample == 3 ? "length" : "stop")],
            };
        }
    }

    /// <summary>All requests for letters it was asked to serve, in order.</summary>
    public List<LetterRequest> LetterRequests { get; } = [];

    /// <summary>The logarithm of a named misconception's worth as an answer; by default from a hash of the last turn up to the names, and the name.</summary>
    public Func<LetterRequest, string, double> Worth { get; init; } = (request, name) => Hash($"{request.Conversation[^1].Content.Split("\nA. ")[0]}|{name}") % 1000 / 100.0;

    /// <summary>What is added to the logarithm of a letter's probability, whatever it stands for.</summary>
    public Func<int, double> LetterBias { get; init; } = _ => 0;

    /// <summary>Requests for letters that fail, and why.</summary>
    public Func<LetterRequest, string?> LetterFailure { get; init; } = _ => null;

    /// <summary>The names of a request, A first.</summary>
    public static string[] Names(LetterRequest request) => [.. request.Conversation[^1].Content.Split('\n')[^request.Letters..].Select((line, i) =>
        line.StartsWith($"{(char)('A' + i)}. ", StringComparison.Ordinal) ? line[3..] : throw new InvalidOperationException($"not under the letter {i}: {line}"))];

    public async IAsyncEnumerable<LetterOutput> StreamLettersAsync(IReadOnlyList<LetterRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LetterRequests.AddRange(requests);
        int finished = 0;
        foreach (int index in Enumerable.Range(0, requests.Count).OrderBy(index => index + Hash($"{requests[index].Conversation[^1].Content}|{index}") % 16)) // as batches do
        {
            await Before(finished++, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            double[] worths = [.. Names(requests[index]).Select((name, letter) => Worth(requests[index], name) + LetterBias(letter))];
            double all = Math.Log(worths.Sum(Math.Exp)) + 0.1; // other tokens have a share too
            string? failure = LetterFailure(requests[index]);
            yield return new LetterOutput(index, failure is null ? [.. worths.Select(worth => worth - all)] : [], CountTokens(requests[index].Conversation), failure);
        }
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>FNV-1a: the same in every process.</summary>
    internal static uint Hash(string text) => text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
