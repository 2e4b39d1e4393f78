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

    /// <summary>Longest sequence served, prompt and output together, in tokens; null: not known.</summary>
    int? MaxModelLength { get; }

    /// <summary>Whether <see cref="CountTokens"/> counts, or guesses by characters.</summary>
    bool CountsTokens { get; }

    /// <summary>Whether <see cref="Statistics"/> know what came from a prefix cache.</summary>
    bool CountsCachedTokens { get; }

    /// <summary>Counters since loading; readable while requests run.</summary>
    EngineStatistics Statistics { get; }

    /// <summary>Tokens of a conversation as it is given to the model.</summary>
    int CountTokens(IReadOnlyList<ChatMessage> conversation);

    /// <summary>Tries the first of the requests that are to come, to see how fast it goes; null where it fails.</summary>
    /// <param name="request">The request.</param>
    /// <param name="tokens">Tokens of its prompt, as <see cref="CountTokens"/> has them.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    Task<GenerationTrial?> TryAsync(GenerationRequest request, int tokens, CancellationToken cancellationToken);

    /// <summary>Yields each request as it finishes; one that fails carries its error.</summary>
    IAsyncEnumerable<GeneratorOutput> StreamAsync(IReadOnlyList<GenerationRequest> requests, CancellationToken cancellationToken);

    /// <summary>
    /// Yields the probabilities of letters as the first token of an answer, each request as it finishes; one that fails carries its error. A server, which
    /// tells the probabilities of a few tokens only, refuses.
    /// </summary>
    IAsyncEnumerable<LetterOutput> StreamLettersAsync(IReadOnlyList<LetterRequest> requests, CancellationToken cancellationToken);
}
