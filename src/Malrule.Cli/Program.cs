using Malrule.Cli;

using var interrupted = new Interrupt();
return await CommandLine.RunAsync(args, Console.Out, Console.Error, interrupted.Token).ConfigureAwait(false);
