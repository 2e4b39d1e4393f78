using Malrule.Inference;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Generations;

/// <summary>What writes hypotheses: the engine in this process, or a server elsewhere.</summary>
internal interface IGenerator : IAsyncDisposable
{
    /// <summary>What computes; results of two runs may only be mixed where it is the same.</summary>
    string KernelPath { get; }

    /// <summary>What was loaded, for the user to read.</summary>
    IReadOnlyList<string> Description { get; }

    /// <summary>Longest sequence served, prompt and output together, in tokens.</summary>
    int MaxModelLength { get; }

    /// <summary>Most samples drawn at once.</summary>
    int MaxNumSeqs { get; }

    /// <summary>Counters since loading; readable while requests run.</summary>
    EngineStatistics Statistics { get; }

    /// <summary>Tokens of a conversation as it is given to the model.</summary>
    int CountTokens(IReadOnlyList<ChatMessage> conversation);

    /// <summary>Yields each request as it finishes; one that fails carries its error.</summary>
    IAsyncEnumerable<RequestOutput> StreamAsync(IReadOnlyList<GenerationRequest> requests, CancellationToken cancellationToken);

    /// <summary>Yields the probabilities of letters as the first token of an answer, each request as it finishes; one that fails carries its error.</summary>
    IAsyncEnumerable<LetterOutput> StreamLettersAsync(IReadOnlyList<LetterRequest> requests, CancellationToken cancellationToken);
}
