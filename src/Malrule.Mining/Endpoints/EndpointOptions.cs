using System.Text.Json;
using System.Text.Json.Nodes;
using Malrule.Inference;

namespace Malrule.Mining.Endpoints;

/// <summary>A server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp, Ollama, a hosted service. The model's name is given beside it.</summary>
public sealed record EndpointOptions
{
    private static readonly string[] OwnFields = ["model", "messages", "input", "n", "seed", "stream"];

    /// <summary>The address before <c>/chat/completions</c>, such as <c>http://gpu7:8000/v1</c>; without a path, <c>/v1</c> is meant.</summary>
    public required string Url { get; init; }

    /// <summary>Name of the environment variable that holds the key; null: no key is sent. The key itself is stored nowhere.</summary>
    public string? ApiKeyVariable { get; init; }

    /// <summary>Most requests under way at once.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>How long one attempt may take, its answer's last byte included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a request is tried again after a failure that may pass.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The wait before the first new attempt, which doubles with each: half of it fixed, half of it random. A server's Retry-After goes before.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A JSON object whose fields are added to every request, or replace one of its fields, or with null remove it; null: none. Part of the run.</summary>
    public string? ExtraBody { get; init; }

    /// <summary>Price of a million tokens of prompts or embedded texts, in any currency; null: not known.</summary>
    public double? PromptPrice { get; init; }

    /// <summary>Price of a million generated tokens; null: not known.</summary>
    public double? GeneratedPrice { get; init; }

    /// <summary>The address as it is stored and shown: without a slash at its end.</summary>
    internal string Address => Parse().AbsoluteUri.TrimEnd('/');

    /// <summary>What tokens cost; null where no price is known.</summary>
    internal double? Cost(long promptTokens, long generatedTokens) => PromptPrice is null && GeneratedPrice is null
        ? null : (promptTokens * (PromptPrice ?? 0) + generatedTokens * (GeneratedPrice ?? 0)) / 1e6;

    /// <summary>The fields of <see cref="ExtraBody"/>.</summary>
    internal JsonObject ExtraFields()
    {
        try
        {
            if (JsonNode.Parse(ExtraBody ?? "{}") is not JsonObject fields)
                throw new InvalidInputException($"The extra body must be a JSON object such as {{\"top_k\": 40}}; it is {ExtraBody}.");
            return fields.FirstOrDefault(field => OwnFields.Contains(field.Key)).Key is { } own
                ? throw new InvalidInputException($"The extra body sets {own}, which Malrule sets itself. Leave it out.")
                : fields;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new InvalidInputException($"The extra body must be a JSON object such as {{\"top_k\": 40}}; it is no JSON: {error.Message}", error);
        }
    }

    /// <summary>Reads the key from its variable; null where none is named.</summary>
    /// <exception cref="InvalidInputException">The variable is not set, or holds what no key is; the message never shows its value.</exception>
    internal string? ReadKey()
    {
        if (ApiKeyVariable is null)
            return null;
        string? key = Environment.GetEnvironmentVariable(ApiKeyVariable)?.Trim();
        if (string.IsNullOrEmpty(key))
            throw new InvalidInputException($"The environment variable {ApiKeyVariable}, which should hold the key of {Address}, is not set. Set it, or leave --api-key-env out.");
        return key.All(character => character is > ' ' and < '\x7f')
            ? key : throw new InvalidInputException($"The environment variable {ApiKeyVariable} holds characters that no key has. Set it to the key of {Address} alone.");
    }

    /// <summary>Checks the fields.</summary>
    /// <exception cref="InvalidInputException">A field is wrong.</exception>
    public void Validate()
    {
        Parse();
        ExtraFields();
        if (Concurrency is < 1 or > 1024)
            throw new InvalidInputException($"The endpoint's concurrency must be from 1 to 1024; it is {Concurrency}.");
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromDays(1))
            throw new InvalidInputException($"The endpoint's timeout must be above 0 and at most a day; it is {Timeout}.");
        if (Retries is < 0 or > 100 || RetryDelay < TimeSpan.Zero)
            throw new InvalidInputException($"The endpoint's retries must be from 0 to 100; they are {Retries}.");
        if (PromptPrice is { } prompt && !(prompt >= 0 && double.IsFinite(prompt)) || GeneratedPrice is { } generated && !(generated >= 0 && double.IsFinite(generated)))
            throw new InvalidInputException("A price of a million tokens must be 0 or more.");
    }

    private Uri Parse()
    {
        // The message must not repeat the address: it may hold a password.
        if (!Uri.TryCreate(Url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new InvalidInputException("The endpoint must be an address that starts with http:// or https://, such as http://localhost:8000/v1.");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new InvalidInputException($"The endpoint {uri.GetLeftPart(UriPartial.Scheme)}{uri.Authority.Split('@')[^1]}{uri.AbsolutePath} must have no user name, password, query or fragment. Put a key into an environment variable and name that with --api-key-env.");
        return uri.AbsolutePath == "/" ? new Uri(uri, "/v1") : uri;
    }
}
