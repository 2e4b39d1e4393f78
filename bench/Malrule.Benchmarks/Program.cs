using System.CommandLine;
using BenchmarkDotNet.Running;
using Malrule.Benchmarks;

if (args is ["make-checkpoint", ..])
    return new RootCommand { MakeCheckpointCommand.Create() }.Parse(args).Invoke();

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
