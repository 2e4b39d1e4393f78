using Malrule.Inference.Verification;

namespace Malrule.Inference;

/// <summary>
/// Looks a checkpoint through from its files to what it computes: hashes, tensors, values, tokenizer, then a fixed text and prompt in exact
/// and in fast mode. What is wrong with the model is found and told; it is not thrown.
/// </summary>
public static class ModelVerification
{
    /// <param name="modelDirectoryOrHubId">A model folder, or a hub id from the local Hugging Face cache: a language model or an embedder.</param>
    /// <param name="options">Device, threads, kernel path and memory; the mode is set here, both are computed.</param>
    /// <param name="finished">Told each check as it is made.</param>
    /// <param name="cancellationToken">Stops between two checks and within long ones.</param>
    /// <exception cref="InvalidInputException">There is no such folder and no such cached model.</exception>
    public static Task<ModelVerificationReport> RunAsync(
        string modelDirectoryOrHubId, EngineOptions? options = null, Action<ModelCheck>? finished = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => VerifyAsync(modelDirectoryOrHubId, options ?? new EngineOptions(), finished, cancellationToken), cancellationToken);

    private static async Task<ModelVerificationReport> VerifyAsync(
        string modelDirectoryOrHubId, EngineOptions options, Action<ModelCheck>? finished, CancellationToken cancellationToken)
    {
        string directory = HubCache.Resolve(modelDirectoryOrHubId);
        var log = new CheckLog(finished, cancellationToken);
        var files = new List<VerifiedFile>();
        VerifiedModel? model = null;
        log.Run("config", () => (model = VerifiedModel.Read(directory)).Describe());
        log.Run("files", () => FileCheck.Run(directory, files, cancellationToken));
        if (model is not null)
        {
            log.Run("tokenizer", () => TokenizerCheck.Run(model));
            TensorCheck.Run(model, log, cancellationToken);
            if (log.HasFailed("tensors") || log.HasFailed("values"))
                log.Add(new ModelCheck("computing", CheckVerdict.Skipped, "nothing was computed with weights that are not whole"));
            else if (model.Decoder is not null)
                await LanguageModelCheck.RunAsync(model, options, log, cancellationToken).ConfigureAwait(false);
            else
                await EmbedderCheck.RunAsync(model, options, log, cancellationToken).ConfigureAwait(false);
        }
        return new ModelVerificationReport { Model = modelDirectoryOrHubId, Directory = directory, Checks = log.Checks, Files = files };
    }
}
