using System.Numerics.Tensors;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Diagnostics;
using Malrule.Inference.Embeddings;
using Malrule.Inference.Models;
using Microsoft.Extensions.Logging;

namespace Malrule.Inference;

/// <summary>
/// Turns texts into vectors with a BERT, BGE or nomic-bert checkpoint. Texts are laid end to end without padding, so a text's
/// vector does not depend on what it is embedded with. Safe for concurrent callers, who are served one after another.
/// </summary>
public sealed class TextEmbedder : IAsyncDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly Backend _backend;
    private readonly IEncoder _encoder;
    private readonly EmbedderOptions _options;
    private readonly PoolingConfig _pooling;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly string _name;

    private TextEmbedder(string directory, Checkpoint checkpoint, Backend backend, IEncoder encoder, Tokenizer? tokenizer, EmbedderOptions options, PoolingConfig pooling)
    {
        (_checkpoint, _backend, _encoder, _options, _pooling) = (checkpoint, backend, encoder, options, pooling);
        (Directory, Tokenizer, _name) = (directory, tokenizer, HubCache.NameOf(directory));
        MaxTokens = Math.Min(options.MaxTokens, encoder.MaxTokens);
    }

    /// <summary>The model folder.</summary>
    public string Directory { get; }

    /// <summary>The checkpoint's tokenizer; null where it has none and only token ids can be embedded.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Length of each vector.</summary>
    public int Dimensions => _encoder.HiddenSize;

    /// <summary>Inputs are cut to this many tokens.</summary>
    public int MaxTokens { get; }

    /// <summary>The pooling in use.</summary>
    public Pooling Pooling => _pooling.Pooling;

    /// <summary>What computes: device, instruction set and mode.</summary>
    public string KernelPath => _backend.KernelPath;

    internal int VocabSize => _encoder.VocabSize;

    /// <summary>Weights that every token is multiplied with.</summary>
    internal long BodyWeights => _encoder.BodyWeights;

    /// <summary>Whether a model folder, or a hub id from the local Hugging Face cache, holds an encoder that this class embeds with.</summary>
    /// <exception cref="InvalidInputException">There is no such folder, or its config.json cannot be read.</exception>
    public static bool CanLoad(string modelDirectoryOrHubId) =>
        ConfigFile.Read(Path.Combine(HubCache.Resolve(modelDirectoryOrHubId), "config.json")).String("model_type") is "bert" or "nomic_bert";

    /// <summary>Loads a model folder or a hub id from the local Hugging Face cache.</summary>
    /// <exception cref="InvalidInputException">The checkpoint cannot be read or is of an architecture Malrule does not embed with.</exception>
    public static Task<TextEmbedder> LoadAsync(string modelDirectoryOrHubId, EmbedderOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Load(HubCache.Resolve(modelDirectoryOrHubId), options ?? new EmbedderOptions()), cancellationToken);

    /// <summary>Embeds texts, encoded with the tokenizer's special tokens; the rows are in input order.</summary>
    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var tokenizer = Tokenizer ?? throw new InvalidInputException($"{Directory}: there is no tokenizer.json, so texts cannot be embedded; give token ids.");
        return Task.Run(() =>
        {
            int truncated = 0;
            var sequences = new int[texts.Count][];
            for (int i = 0; i < texts.Count; i++)
            {
                sequences[i] = tokenizer.Encode(texts[i]);
                if (sequences[i].Length <= MaxTokens)
                    continue;
                // Cut as Hugging Face does: the text gives way, the closing special token stays.
                sequences[i] = tokenizer.IsSpecial(sequences[i][^1]) ? [.. sequences[i].AsSpan(0, MaxTokens - 1), sequences[i][^1]] : sequences[i][..MaxTokens];
                truncated++;
            }
            return EmbedAll(sequences, truncated, cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Embeds token ids as they are; longer lists than <see cref="MaxTokens"/> are refused.</summary>
    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<IReadOnlyList<int>> tokenIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        int[][] sequences = [.. tokenIds.Select(ids => ids.ToArray())];
        foreach (int[] ids in sequences)
            Check(ids);
        return Task.Run(() => EmbedAll(sequences, 0, cancellationToken), cancellationToken);
    }

    /// <summary>Refuses token ids that cannot be embedded.</summary>
    /// <exception cref="InvalidInputException">There are none, more than <see cref="MaxTokens"/>, or one outside the vocabulary.</exception>
    public void Check(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        if (tokenIds.Count == 0 || tokenIds.Count > MaxTokens)
            throw new InvalidInputException($"An input has {tokenIds.Count} token ids; expected 1 to {MaxTokens}.");
        foreach (int id in tokenIds)
            if (id < 0 || id >= _encoder.VocabSize)
                throw new InvalidInputException($"Token id {id} is outside the vocabulary of {_encoder.VocabSize}.");
    }

    /// <summary>Returns all memory of the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _encoder.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
        _turn.Dispose();
    }

    private static TextEmbedder Load(string directory, EmbedderOptions options)
    {
        if (options.MaxTokens < 1 || options.MaxBatchedTokens < 1)
            throw new InvalidInputException("The embedder's token limits must be at least 1.");
        var config = ConfigFile.Read(Path.Combine(directory, "config.json"));
        string type = config.String("model_type");
        if (type is not ("bert" or "nomic_bert"))
            throw config.Wrong("model_type", "bert or nomic_bert (the architectures Malrule embeds with)");
        string tokenizerFile = Path.Combine(directory, "tokenizer.json");
        var tokenizer = File.Exists(tokenizerFile) ? Tokenizer.Load(tokenizerFile) : null;
        var pooling = PoolingConfig.Read(directory, type == "bert" ? Pooling.Cls : Pooling.Mean);
        if (options.Pooling != Pooling.Auto)
            pooling = pooling with { Pooling = options.Pooling };

        var checkpoint = Checkpoint.Open(directory);
        Backend? backend = null;
        try
        {
            backend = Backends.Create(new EngineOptions { Device = options.Device, Mode = options.Mode, Threads = options.Threads, KernelPath = options.KernelPath });
            IEncoder encoder = type == "bert" ? new BertModel(checkpoint, config, backend, options) : new NomicBertModel(checkpoint, config, backend, options);
            var embedder = new TextEmbedder(directory, checkpoint, backend, encoder, tokenizer, options, pooling);
            options.LoggerFactory?.CreateLogger<TextEmbedder>().EmbedderLoaded(embedder._name, embedder.KernelPath, embedder.Dimensions, embedder.Pooling, embedder.MaxTokens);
            return embedder;
        }
        catch
        {
            backend?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    private EmbeddingBatch EmbedAll(int[][] sequences, int truncated, CancellationToken cancellationToken)
    {
        var trace = EngineTelemetry.BeginEmbedding(_name);
        Exception? failure = null;
        try
        {
            return EmbedInOrder(sequences, truncated, cancellationToken);
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            trace.End(sequences.Sum(ids => (long)ids.Length), null, failure);
        }
    }

    private EmbeddingBatch EmbedInOrder(int[][] sequences, int truncated, CancellationToken cancellationToken)
    {
        var vectors = new float[checked(sequences.Length * Dimensions)];
        // Longest first, so that batches are of like lengths and memory peaks at once.
        int[] order = [.. Enumerable.Range(0, sequences.Length).OrderByDescending(i => sequences[i].Length)];
        int[] tokens = new int[_options.MaxRows(_encoder.MaxTokens)];
        float[] hidden = new float[tokens.Length * Dimensions];
        var offsets = new List<int>();
        _turn.Wait(cancellationToken);
        try
        {
            for (int first = 0; first < order.Length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                offsets.Clear();
                offsets.Add(0);
                int next = first;
                for (; next < order.Length && offsets[^1] + sequences[order[next]].Length <= tokens.Length; next++)
                {
                    sequences[order[next]].CopyTo(tokens, offsets[^1]);
                    offsets.Add(offsets[^1] + sequences[order[next]].Length);
                }
                EmbedBatch(tokens.AsSpan(0, offsets[^1]), offsets, order.AsSpan(first, next - first), hidden, vectors);
                first = next;
            }
        }
        finally
        {
            _turn.Release();
        }
        return new EmbeddingBatch(new EmbeddingMatrix(vectors, sequences.Length, Dimensions), sequences.Sum(ids => (long)ids.Length), truncated);
    }

    private void EmbedBatch(ReadOnlySpan<int> tokens, List<int> offsets, ReadOnlySpan<int> places, float[] hidden, float[] vectors)
    {
        var states = _encoder.Forward(tokens, offsets.ToArray());
        _backend.Read(tokens.Length, states, hidden.AsSpan(0, tokens.Length * Dimensions));
        for (int i = 0; i < places.Length; i++)
        {
            for (int row = offsets[i]; row < offsets[i + 1]; row++)
                if (_encoder.FirstBadLayer(row) is >= 0 and var layer)
                    throw new NotFiniteException($"The embedder computed a value that is not finite at layer {layer}, token {row - offsets[i]} of input {places[i]}. The checkpoint may be damaged; in fast mode try exact mode.");
            var vector = vectors.AsSpan(places[i] * Dimensions, Dimensions);
            Pool(hidden.AsSpan(offsets[i] * Dimensions, (offsets[i + 1] - offsets[i]) * Dimensions), vector);
        }
    }

    /// <summary>states [tokens, hidden] → vector [hidden].</summary>
    private void Pool(ReadOnlySpan<float> states, Span<float> vector)
    {
        int tokens = states.Length / Dimensions;
        if (_pooling.Pooling == Pooling.Cls)
            states[..Dimensions].CopyTo(vector);
        else
        {
            vector.Clear();
            for (int token = 0; token < tokens; token++)
                TensorPrimitives.Add(vector, states.Slice(token * Dimensions, Dimensions), vector);
            TensorPrimitives.Divide(vector, tokens, vector);
        }
        if (!_pooling.Normalize)
            return;
        double squares = 0;
        foreach (float value in vector)
            squares += (double)value * value;
        TensorPrimitives.Divide(vector, (float)Math.Max(Math.Sqrt(squares), 1e-12), vector);
    }
}
