using System.CommandLine;
using System.Diagnostics;
using Malrule.Benchmarks.Checkpoints;

namespace Malrule.Benchmarks;

/// <summary><c>make-checkpoint --shape S --out DIR</c>: see <see cref="RandomCheckpoint"/>.</summary>
internal static class MakeCheckpointCommand
{
    public static Command Create()
    {
        var shape = new Option<string>("--shape") { Required = true, Description = "The published model whose shape is taken." };
        shape.AcceptOnlyFromAmong(RandomCheckpoint.Shapes);
        var quant = new Option<string?>("--quant") { Description = "awq, fp16 or fp32 [default: awq; fp32 for an embedder]" };
        quant.AcceptOnlyFromAmong("awq", "fp16", "fp32");
        var group = new Option<int>("--group-size") { Description = "Group size of AWQ.", DefaultValueFactory = _ => 128 };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Folder whose tokenizer files are copied in; without it the checkpoint takes token ids." };
        var output = new Option<string>("--out") { Required = true, Description = "Folder to write." };
        var seed = new Option<long>("--seed") { Description = "Seed of the weights.", DefaultValueFactory = _ => 1 };
        var shard = new Option<long>("--shard-bytes") { Description = "Most bytes of one file.", DefaultValueFactory = _ => 2_000_000_000 };

        var command = new Command("make-checkpoint", "Write a checkpoint with random weights of a published model's true shape.")
        {
            shape, quant, group, tokenizer, output, seed, shard,
        };
        command.SetAction(parsed =>
        {
            var checkpoint = new RandomCheckpoint
            {
                Shape = parsed.GetRequiredValue(shape),
                Quant = parsed.GetValue(quant),
                GroupSize = parsed.GetValue(group),
                Tokenizer = parsed.GetValue(tokenizer),
                Output = parsed.GetRequiredValue(output),
                Seed = parsed.GetValue(seed),
                ShardBytes = parsed.GetValue(shard),
            };
            long start = Stopwatch.GetTimestamp();
            try
            {
                long bytes = checkpoint.Write();
                Console.WriteLine(FormattableString.Invariant(
                    $"{checkpoint.Output}: {bytes / 1e6:F0} MB of random weights in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
                return 0;
            }
            catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }
}
