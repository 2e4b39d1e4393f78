using System.CommandLine;
using Malrule.Inference;
using Malrule.Mining;
using Malrule.Mining.Questions;
using Malrule.Mining.Results;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule rank</c>: ranks from texts that are there already, a run's or anyone's.</summary>
internal static class RankCommand
{
    public static Command Create(Messages messages)
    {
        var run = new Argument<string?>("RUN") { Description = "A finished run whose texts are ranked anew; what is not asked for stays as it has it.", Arity = ArgumentArity.ZeroOrOne };
        var generations = new Option<string?>("--generations") { Description = "Or texts from anywhere, a JSON object a line: {\"id\": \"1672_B\", \"texts\": [\"...\"]}", HelpName = "FILE" };
        var data = new Option<string?>("--data") { Description = "Folder with the questions and the catalogue [default: of a run, where it was then; else the bundled bank]", HelpName = "DIR" };
        var questions = new Option<string?>("--questions") { Description = "Questions to rank for [default: of a run, those it mined; else test.csv of --data where it is there, else train.csv]", HelpName = "FILE" };
        var output = new Option<string>("--output", "-o") { Description = "Run folder for the results.", HelpName = "RUN2", Required = true };
        Option<MiningMethod?> method = Choice.Of<MiningMethod>("--method", "By the texts alone, or beside words and neighbours [default: the run's; infer for a file]");
        method.HelpName = "infer|hybrid"; // the others rank no texts, and say so
        var embedder = new Option<string?>("--embedder") { Description = "Embedding model: a folder, org/name in the Hugging Face cache, or \"bundled\" [default: the run's; of the bundled bank, the bundled one]", HelpName = "DIR" };
        var onlyWithTexts = new Option<bool>("--only-with-texts") { Description = "Leave out distractors that have no text; else they have no candidates (infer) or rank by other evidence (hybrid)." };
        Option<string?> device = Choice.Among("--device", "What computes; reference: plain loops, slow [default: auto]", EngineArguments.Devices);
        Option<ComputeMode?> mode = Choice.Of<ComputeMode>("--mode", "Of the embedder; fast: 8-bit activations; exact: 32-bit [default: the run's; fast for a file]");
        var threads = new Option<int>("--threads") { Description = "Threads that compute [default: one for each core]", HelpName = "N" };
        var quirks = new QuirkArguments();
        var ranking = new RankingArguments();
        var endpoint = new EndpointArguments(generates: false);
        var embedding = new EmbedderArguments();

        var command = new ToolCommand("rank", "Rank the catalogue anew from stored texts, without a language model.", """
            malrule rank runs/default-infer --fusion rrf:60 --output runs/rrf
            malrule rank runs/default-infer --fusion softmax:0.05 --sample-weights logprob --output runs/softmax
            malrule rank runs/default-infer --method hybrid --output runs/hybrid
            malrule rank --generations texts.jsonl --data eedi --questions eedi/train.csv --retriever lexical --method hybrid --output runs/mine

            Then: malrule evaluate runs/default-infer --compare runs/rrf
            """)
        {
            run, generations, data, questions, output, method, embedder, onlyWithTexts, device, mode, threads,
        };
        command.AddGroup("A server in place of an embedder on this machine", endpoint.ForEmbedding);
        command.AddGroup("From texts to a ranking", [.. quirks.Reading, .. embedding.All, .. ranking.All]);
        command.Validators.Add(endpoint.Check);
        command.Validators.Add(result =>
        {
            if (result.GetValue(run) is null == result.GetValue(generations) is null)
                result.AddError("Name either a run or a file of texts (--generations).");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? given = parsed.GetValue(data);
            string folder = parsed.GetRequiredValue(output);
            FinishedRun? earlier = parsed.GetValue(run) is { } finished ? FinishedRun.Open(finished, given, parsed.GetValue(questions)) : null;
            if (earlier?.Manifest.Options.Rerank is not null)
                messages.Line($"{earlier.Folder} was reranked by a language model; its texts are ranked here without that.");
            MiningOptions start = earlier?.RankAgain(folder)
                ?? new MiningOptions { Data = given ?? Bundled.Bank, Output = folder, Questions = parsed.GetValue(questions), Generations = parsed.GetValue(generations) };
            start = endpoint.Read(parsed, quirks.Read(parsed, start));
            bool served = start.EmbedderEndpoint is not null;
            var engine = new EngineOptions { Device = parsed.GetValue(device) ?? "auto", Threads = parsed.GetValue(threads), Mode = parsed.GetValue(mode) ?? start.Embedding.Engine.Mode };
            MiningOptions options = ranking.Read(parsed, start with
            {
                Method = parsed.GetValue(method) ?? start.Method,
                Embedder = Bundled.Resolve(parsed.GetValue(embedder) ?? (served ? null : start.Embedder), Bundled.Embedder, onlyChoice: parsed.GetValue(run) is null && given is null && !served),
                OnlyWithTexts = parsed.GetValue(onlyWithTexts) || start.OnlyWithTexts,
                Embedding = start.Embedding with { Engine = embedding.Read(parsed, start.Embedding.Engine, engine), CacheFolder = embedding.CacheFolder(parsed) },
                Engine = engine,
            });
            options.Validate();
            if (options.Retriever == Retriever.Lexical)
                parsed.RefuseUnused("--retriever lexical", [embedder, device, mode, .. quirks.OfEmbeddings, .. embedding.All, .. endpoint.ForEmbedding]);
            if (options.Method != MiningMethod.Hybrid)
                parsed.RefuseUnused("the method infer", ranking.OfHybrid);
            MiningResult result = await messages.ProgressAsync(report => MiningRun.RunAsync(options, new MiningDisplay(messages, report), cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            MisconceptionCatalogue catalogue = EediReader.ReadCatalogue(Path.Combine(options.Data, "misconception_mapping.csv"));
            MiningReport.Write(result, catalogue, folder, parsed.InvocationConfiguration.Output);
            return ExitCode.Done;
        });
        return command;
    }
}
