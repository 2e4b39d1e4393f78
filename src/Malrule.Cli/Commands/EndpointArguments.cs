using System.CommandLine;
using System.CommandLine.Parsing;
using Malrule.Mining;
using Malrule.Mining.Endpoints;

namespace Malrule.Cli.Commands;

/// <summary>The options by which an OpenAI-compatible server takes the place of the language model, of the embedder, or of both.</summary>
internal sealed class EndpointArguments
{
    private static readonly EndpointOptions Defaults = new() { Url = "" };

    private readonly Option<string?> _generator = new("--endpoint") { Description = "OpenAI-compatible server that generates, such as http://localhost:8000/v1; --model is the model's name there.", HelpName = "URL" };
    private readonly Option<string?> _embedder = new("--embedder-endpoint") { Description = "OpenAI-compatible server that embeds; --embedder is the embedder's name there.", HelpName = "URL" };
    private readonly Option<string?> _key = new("--api-key-env") { Description = "Environment variable that holds the key of --endpoint; the key is stored and shown nowhere.", HelpName = "NAME" };
    private readonly Option<string?> _embedderKey = new("--embedder-api-key-env") { Description = "Environment variable that holds the key of --embedder-endpoint.", HelpName = "NAME" };
    private readonly Option<int?> _concurrency = new("--endpoint-concurrency") { Description = $"Requests under way at once [default: {Defaults.Concurrency}]", HelpName = "N" };
    private readonly Option<double?> _timeout = new("--endpoint-timeout") { Description = $"Seconds that an answer may take [default: {Defaults.Timeout.TotalSeconds}]", HelpName = "S" };
    private readonly Option<int?> _retries = new("--endpoint-retries") { Description = $"New attempts after a failure that may pass [default: {Defaults.Retries}]", HelpName = "N" };
    private readonly Option<string?> _extraBody = new("--extra-body") { Description = "Fields to add to each request to --endpoint, or with null to leave out, such as '{\"chat_template_kwargs\":{\"enable_thinking\":false}}'.", HelpName = "JSON" };
    private readonly Option<double?> _promptPrice = new("--prompt-price") { Description = "Price of a million prompt tokens, to know what a run costs.", HelpName = "PRICE" };
    private readonly Option<double?> _outputPrice = new("--output-price") { Description = "Price of a million generated tokens.", HelpName = "PRICE" };
    private readonly Option<double?> _embeddingPrice = new("--embedding-price") { Description = "Price of a million embedded tokens.", HelpName = "PRICE" };

    /// <param name="generates">Whether the command has a server that generates, whose key may be the embedder's too.</param>
    public EndpointArguments(bool generates)
    {
        if (generates)
            _embedderKey.Description = "The same for --embedder-endpoint [default: --api-key-env where both servers are one]";
    }

    public IEnumerable<Option> All => [_generator, _key, _extraBody, _promptPrice, _outputPrice, .. ForEmbedding];

    /// <summary>Those of a command that generates nothing.</summary>
    public IEnumerable<Option> ForEmbedding => [.. ForEmbedder, _concurrency, _timeout, _retries];

    /// <summary>Those about the embedder's server alone.</summary>
    public IEnumerable<Option> ForEmbedder => [_embedder, _embedderKey, _embeddingPrice];

    /// <summary>Refuses options that would have no effect.</summary>
    public void Check(CommandResult result)
    {
        bool embeds = result.GetResult(_embedder) is not null, generates = result.GetResult(_generator) is not null;
        Refuse(generates, "--endpoint", [_key, _extraBody, _promptPrice, _outputPrice]);
        Refuse(embeds, "--embedder-endpoint", [_embedderKey, _embeddingPrice]);
        Refuse(embeds || generates, "--endpoint or --embedder-endpoint", [_concurrency, _timeout, _retries]);

        void Refuse(bool isServed, string server, Option[] options)
        {
            foreach (Option option in options.Where(option => !isServed && result.GetResult(option) is not null))
                result.AddError($"{option.Name} has no effect without {server}.");
        }
    }

    public MiningOptions Read(ParseResult parsed, MiningOptions options)
    {
        EndpointOptions? generator = Of(parsed, parsed.GetValue(_generator), parsed.GetValue(_key)), embedder = Of(parsed, parsed.GetValue(_embedder), parsed.GetValue(_embedderKey));
        if (embedder is { ApiKeyVariable: null } && generator is not null && IsOneServer(generator.Url, embedder.Url))
            embedder = embedder with { ApiKeyVariable = generator.ApiKeyVariable };
        return options with
        {
            Endpoint = generator is null ? null : generator with { ExtraBody = parsed.GetValue(_extraBody), PromptPrice = parsed.GetValue(_promptPrice), GeneratedPrice = parsed.GetValue(_outputPrice) },
            EmbedderEndpoint = embedder is null ? null : embedder with { PromptPrice = parsed.GetValue(_embeddingPrice) },
        };
    }

    private EndpointOptions? Of(ParseResult parsed, string? url, string? key) => url is null ? null : new EndpointOptions
    {
        Url = url,
        ApiKeyVariable = key,
        Concurrency = parsed.GetValue(_concurrency) ?? Defaults.Concurrency,
        Timeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, -1, 1e6)) : Defaults.Timeout,
        Retries = parsed.GetValue(_retries) ?? Defaults.Retries,
    };

    /// <summary>A key goes to another server only where it is named for it.</summary>
    private static bool IsOneServer(string url, string other) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? one) && Uri.TryCreate(other, UriKind.Absolute, out Uri? two)
        && Uri.Compare(one, two, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
