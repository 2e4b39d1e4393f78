namespace Malrule.Inference.Hub;

/// <summary>
/// The access token as huggingface_hub finds it: HF_TOKEN, else HUGGING_FACE_HUB_TOKEN, else the file HF_TOKEN_PATH, which is <c>token</c> in the
/// Hugging Face folder unless set (<c>hf auth login</c> writes it); HF_HUB_DISABLE_IMPLICIT_TOKEN keeps it at home.
/// </summary>
internal static class HubToken
{
    /// <summary>The token, and the variable or file it comes from; both null where there is none.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public static (string? Value, string? Source) Find()
    {
        if (HubDownloadOptions.IsSet("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
            return default;
        foreach (string name in (ReadOnlySpan<string>)["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
            if (HubDownloadOptions.Variable(name) is { } token)
                return (token, name);
        string file = HubDownloadOptions.Variable("HF_TOKEN_PATH") ?? Path.Combine(HubCache.Home(), "token");
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } saved ? (saved, file) : default;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{file}: the token cannot be read ({error.Message}). Set HF_TOKEN, or point HF_TOKEN_PATH elsewhere.", error);
        }
    }
}
