using System.Text;
using Malrule.Cli;

// Files and pipes hold UTF-8, whatever the system's code page or locale is.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
if (Console.IsInputRedirected)
    Console.InputEncoding = Console.OutputEncoding;

using var interrupted = new Interrupt();
return await CommandLine.RunAsync(args, Console.Out, Console.Error, interrupted.Token).ConfigureAwait(false);
