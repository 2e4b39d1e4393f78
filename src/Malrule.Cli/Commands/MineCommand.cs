using System.CommandLine;
using Malrule.Inference;
using Malrule.Mining;
using Malrule.Mining.Questions;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule mine</c>: from questions to ranked misconceptions.</summary>
internal static class MineCommand
{
    public static Command Create(Messages messages)
    {
        var data = new Option<string?>("--data") { Description = "Folder with misconception_mapping.csv, train.csv and perhaps test.csv [default: the bundled bank, mined with the bundled models]", HelpName = "DIR" };
        var questions = new Option<string?>("--questions") { Description = "Questions to mine [default: test.csv of --data where it is there, else train.csv]", HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = "Language model: a folder, org/name in the Hugging Face cache, or \"bundled\", the small one that knows questions of malrule sample-bank only.", HelpName = "DIR" };
        var embedder = new Option<string?>("--embedder") { Description = "Embedding model, likewise.", HelpName = "DIR" };
        var output = new Option<string?>("--output", "-o") { Description = "Run folder; an interrupted run goes on there [default: one in runs, named after --data, --preset, --method and --rerank]", HelpName = "RUN" };
        Option<MiningPreset?> preset = Choice.Of<MiningPreset>("--preset", "default: what works best; tutorial: the Python tutorial's steps, quirks included [default: default]");
        Option<MiningMethod?> method = Choice.Of<MiningMethod>("--method", "infer needs both models; lexical (words) and neighbours (labels of similar wrong answers) need none; hybrid fuses all there is [default: infer]");
        var sample = new Option<int?>("--sample") { Description = "Mine so many questions, those that pandas' sample() picks [default: all]", HelpName = "N" };
        var sampleSeed = new Option<uint>("--sample-seed") { Description = "pandas' random_state for --sample.", DefaultValueFactory = _ => 0, HelpName = "S" };
        var limit = new Option<int?>("--limit") { Description = "Mine the first so many distractors [default: all]", HelpName = "K" };
        var shots = new Option<int?>("--shots") { Description = "Labelled questions shown in a prompt [default: 3]", HelpName = "K" };
        var seed = new Option<long>("--seed") { Description = "Seed of all that is random.", DefaultValueFactory = _ => 1, HelpName = "S" };
        var sampling = new SamplingArguments();
        var quirks = new QuirkArguments();
        var ranking = new RankingArguments();
        var rerank = new RerankArguments();
        var endpoint = new EndpointArguments(generates: true);
        var embedding = new EmbedderArguments();
        var engine = new EngineArguments(new MiningOptions { Data = "", Output = "" }.Engine.ModelLengthCap);

        var command = new ToolCommand("mine", "Rank, for every wrong option of every question, the misconceptions that most likely explain it.", """
            malrule mine
            malrule mine --data eedi --questions eedi/train.csv --method hybrid
            malrule mine --data eedi --model Qwen/Qwen2.5-3B-Instruct-AWQ --embedder nomic-ai/nomic-embed-text-v1.5
            malrule mine --method neighbours --rerank 25
            malrule mine --data eedi --endpoint http://gpu:8000/v1 --model Qwen/Qwen3-32B --embedder nomic-ai/nomic-embed-text-v1.5
            malrule mine --data eedi --model DIR --embedder DIR --preset tutorial --questions eedi/train.csv --sample 100 --sample-seed 3

            Labelled questions are scored. An interrupted run goes on when the same command is given again.
            """)
        {
            data, questions, model, embedder, output, preset, method, sample, sampleSeed, limit, seed,
        };
        command.AddGroup("Prompts", [shots, .. quirks.Prompting]);
        command.AddGroup("Sampling", [.. sampling.All, .. quirks.Seeding]);
        command.AddGroup("From texts to a ranking", [.. quirks.Reading, .. embedding.All, .. ranking.All]);
        command.AddGroup("Reranking", rerank.All);
        command.AddGroup("Servers in place of models on this machine", endpoint.All);
        command.AddGroup("Engine", engine.All);
        command.Validators.Add(rerank.Check);
        command.Validators.Add(endpoint.Check);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            MiningPreset chosen = parsed.GetValue(preset) ?? MiningPreset.Default;
            MiningMethod by = parsed.GetValue(method) ?? MiningMethod.Infer;
            string? given = parsed.GetValue(data);
            string folder = parsed.GetValue(output) ?? Path.Combine("runs", NameOf(given, chosen, by, isReranked: rerank.Read(parsed) is not null));
            EngineOptions engineOptions = engine.Read(parsed);
            MiningOptions defaults = endpoint.Read(parsed, quirks.Read(parsed, MiningOptions.Of(chosen, given ?? Bundled.Bank, folder)));
            MiningOptions options = ranking.Read(parsed, defaults with
            {
                Questions = parsed.GetValue(questions),
                Method = by,
                Sample = parsed.GetValue(sample),
                SampleSeed = parsed.GetValue(sampleSeed),
                Limit = parsed.GetValue(limit),
                Model = Bundled.Resolve(parsed.GetValue(model), Bundled.Model, onlyChoice: given is null && defaults.Endpoint is null),
                Embedder = Bundled.Resolve(parsed.GetValue(embedder), Bundled.Embedder, onlyChoice: given is null && defaults.EmbedderEndpoint is null),
                Seed = parsed.GetValue(seed),
                Demonstrations = defaults.Demonstrations with { Shots = parsed.GetValue(shots) ?? defaults.Demonstrations.Shots },
                Sampling = sampling.Read(parsed, defaults.Sampling),
                Rerank = rerank.Read(parsed),
                Embedding = defaults.Embedding with { Engine = embedding.Read(parsed, defaults.Embedding.Engine, engineOptions), CacheFolder = embedding.CacheFolder(parsed) },
                Engine = engineOptions,
            });
            options.Validate();
            if (!options.UsesTexts)
                parsed.RefuseUnused($"the method {by.ToString().ToLowerInvariant()}{(by == MiningMethod.Hybrid ? " without a language model" : "")}", [shots, .. quirks.All, .. sampling.All, .. embedding.All, .. ranking.OfTexts, .. endpoint.All]);
            else if (options.Retriever == Retriever.Lexical)
                parsed.RefuseUnused("--retriever lexical", [.. quirks.OfEmbeddings, .. embedding.All, .. endpoint.ForEmbedder]);
            if (by != MiningMethod.Hybrid)
                parsed.RefuseUnused($"the method {by.ToString().ToLowerInvariant()}", ranking.OfHybrid);
            try
            {
                MiningResult result = await messages.ProgressAsync(report => MiningRun.RunAsync(options, new MiningDisplay(messages, report), cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
                MisconceptionCatalogue catalogue = EediReader.ReadCatalogue(Path.Combine(options.Data, "misconception_mapping.csv"));
                MiningReport.Write(result, catalogue, folder, parsed.InvocationConfiguration.Output);
                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (Directory.Exists(folder))
            {
                messages.Line($"{folder} holds what was done; the same command goes on from there");
                throw;
            }
        });
        return command;
    }

    private static string NameOf(string? data, MiningPreset preset, MiningMethod method, bool isReranked)
    {
        string bank = data is null ? "" : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data)));
        return $"{bank}{(bank.Length > 0 ? "-" : "")}{preset.ToString().ToLowerInvariant()}-{method.ToString().ToLowerInvariant()}{(isReranked ? "-rerank" : "")}";
    }
}
