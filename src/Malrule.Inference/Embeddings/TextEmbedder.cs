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
    private int _disposed;

    private TextEmbedder(
        string directory, Checkpoint checkpoint, Backend backend, IEncoder encoder, Tokenizer? tokenizer, EmbedderOptions options, PoolingConfig pooling)
    {
        (_checkpoint, _backend, _encoder, _options, _pooling) = (checkpoint, backend, encoder, options, pooling);
        Tokenizer = tokenizer;
        Info = new EmbedderInfo
        {
            ModelDirectory = directory,
            KernelPath = backend.KernelPath,
            Dimensions = encoder.HiddenSize,
            Pooling = pooling.Pooling,
            MaxTokens = Math.Min(options.MaxTokens, encoder.MaxTokens),
            WeightBytes = encoder.WeightBytes,
        };
    }

    /// <summary>What was loaded and how it computes.</summary>
    public EmbedderInfo Info { get; }

    /// <summary>The checkpoint's tokenizer; null where it has none and only token ids can be embedded.</summary>
    public Tokenizer? Tokenizer { get; }

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
        Task.Run(() => Load(HubCache.Resolve(modelDirectoryOrHubId), (options ?? new EmbedderOptions()) with { Loading = cancellationToken }), cancellationToken);

    /// <summary>
    /// What <see cref="LoadAsync"/> would load, found without loading it: the checkpoint's configuration, tokenizer and every tensor's name and
    /// shape are checked. The device <c>reference</c> loads the weights all the same.
    /// </summary>
    /// <exception cref="InvalidInputException">As <see cref="LoadAsync"/>.</exception>
    public static Task<EmbedderInfo> PlanAsync(
        string modelDirectoryOrHubId, EmbedderOptions? options = null, CancellationToken cancellationToken = default) => Task.Run(async () =>
    {
        var embedder = Load(HubCache.Resolve(modelDirectoryOrHubId), (options ?? new EmbedderOptions()) with { WithoutWeights = true });
        await using (embedder.ConfigureAwait(false))
            return embedder.Info;
    }, cancellationToken);

    /// <summary>Embeds texts, encoded with the tokenizer's special tokens; the rows are in input order.</summary>
    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var tokenizer = Tokenizer ?? throw new InvalidInputException($"{Info.ModelDirectory}: there is no tokenizer.json, so texts cannot be embedded; give token ids.");
        return Task.Run(() =>
        {
            int truncated = 0;
            var sequences = new int[texts.Count][];
            for (int i = 0; i < texts.Count; i++)
            {
                sequences[i] = tokenizer.Encode(texts[i]);
                if (sequences[i].Length <= Info.MaxTokens)
                    continue;
                // Cut as Hugging Face does: the text gives way, the closing special token stays.
                sequences[i] = tokenizer.IsSpecial(sequences[i][^1]) ? [.. sequences[i].AsSpan(0, Info.MaxTokens - 1), sequences[i][^1]] : sequences[i][..Info.MaxTokens];
                truncated++;
            }
            return EmbedAll(sequences, truncated, cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Embeds token ids as they are; longer lists than <see cref="EmbedderInfo.MaxTokens"/> are refused.</summary>
    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<IReadOnlyList<int>> tokenIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        int[][] sequences = [.. tokenIds.Select(ids => ids.ToArray())];
        foreach (int[] ids in sequences)
            Check(ids);
        return Task.Run(() => EmbedAll(sequences, 0, cancellationToken), cancellationToken);
    }

    /// <summary>Refuses token ids that cannot be embedded.</summary>
    /// <exception cref="InvalidInputException">There are none, more than <see cref="EmbedderInfo.MaxTokens"/>, or one outside the vocabulary.</exception>
    public void Check(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        if (tokenIds.Count == 0 || tokenIds.Count > Info.MaxTokens)
            throw new InvalidInputException($"An input has {tokenIds.Count} token ids; expected 1 to {Info.MaxTokens}.");
        foreach (int id in tokenIds)
            if (id < 0 || id >= _encoder.VocabSize)
                throw new InvalidInputException($"Token id {id} is outside the vocabulary of {_encoder.VocabSize}.");
    }

    /// <summary>Returns all memory of the model, after the batch that is being computed; callers who wait get an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _turn.WaitAsync().ConfigureAwait(false);
        _encoder.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
        _turn.Release(); // who waits is told
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
            backend = Backends.Create(new EngineOptions { Device = options.Device, Mode = options.Mode, Threads = options.Threads, KernelPath = options.KernelPath, WithoutWeights = options.WithoutWeights, Loading = options.Loading });
            IEncoder encoder = type == "bert" ? new BertModel(checkpoint, config, backend, options) : new NomicBertModel(checkpoint, config, backend, options);
            var embedder = new TextEmbedder(directory, checkpoint, backend, encoder, tokenizer, options, pooling);
            if (!options.WithoutWeights)
                options.LoggerFactory?.CreateLogger<TextEmbedder>().EmbedderLoaded(embedder.Info.ModelName, embedder.Info.KernelPath, embedder.Info.Dimensions, embedder.Info.Pooling, embedder.Info.MaxTokens);
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
        var trace = EngineTelemetry.BeginEmbedding(Info.ModelName);
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
        var vectors = new float[checked(sequences.Length * Info.Dimensions)];
        // Longest first, so that batches are of like lengths and memory peaks at once.
        int[] order = [.. Enumerable.Range(0, sequences.Length).OrderByDescending(i => sequences[i].Length)];
        int[] tokens = new int[_options.MaxRows(_encoder.MaxTokens)];
        float[] hidden = new float[tokens.Length * Info.Dimensions];
        var offsets = new List<int>();
        _turn.Wait(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
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
        return new EmbeddingBatch(new EmbeddingMatrix(vectors, sequences.Length, Info.Dimensions), sequences.Sum(ids => (long)ids.Length), truncated);
    }

    private void EmbedBatch(ReadOnlySpan<int> tokens, List<int> offsets, ReadOnlySpan<int> places, float[] hidden, float[] vectors)
    {
        var states = _encoder.Forward(tokens, offsets.ToArray());
        _backend.Read(tokens.Length, states, hidden.AsSpan(0, tokens.Length * Info.Dimensions));
        for (int i = 0; i < places.Length; i++)
        {
            for (int row = offsets[i]; row < offsets[i + 1]; row++)
                if (_encoder.FirstBadLayer(row) is >= 0 and var layer)
                    throw new NotFiniteException($"The embedder computed a value that is not finite at layer {layer}, token {row - offsets[i]} of input {places[i]}. The checkpoint may be damaged; in fast mode try exact mode.");
            var vector = vectors.AsSpan(places[i] * Info.Dimensions, Info.Dimensions);
            Pool(hidden.AsSpan(offsets[i] * Info.Dimensions, (offsets[i + 1] - offsets[i]) * Info.Dimensions), vector);
        }
    }

    /// <summary>states [tokens, hidden] → vector [hidden].</summary>
    private void Pool(ReadOnlySpan<float> states, Span<float> vector)
    {
        int tokens = states.Length / Info.Dimensions;
        if (_pooling.Pooling == Pooling.Cls)
            states[..Info.Dimensions].CopyTo(vector);
        else
        {
            vector.Clear();
            for (int token = 0; token < tokens; token++)
                TensorPrimitives.Add(vector, states.Slice(token * Info.Dimensions, Info.Dimensions), vector);
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
