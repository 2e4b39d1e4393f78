using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Malrule.Benchmarks;

if (args is ["make-checkpoint", ..])
    return new RootCommand { MakeCheckpointCommand.Create() }.Parse(args).Invoke();

// In this process: BenchmarkDotNet's generated projects do not know the repository's artifacts folder.
IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
