using System.CommandLine;
using Malrule.Cli.Commands;
using Malrule.Inference;

namespace Malrule.Cli.Tests.Commands;

public sealed class EngineArgumentsTests
{
    [Theory]
    [InlineData("0.8", 0.8)]
    [InlineData("80%", 0.8)]
    [InlineData("2147483648", 2147483648)]
    [InlineData("6GiB", 6442450944)]
    [InlineData("6G", 6442450944)]
    [InlineData("500MB", 500e6)]
    [InlineData("1.5 g", 1610612736)]
    public void Memory_is_a_fraction_or_bytes_with_a_unit(string text, double expected) => Assert.Equal(expected, Read("--memory", text).Memory, 1e-9);

    [Theory, InlineData("-1"), InlineData("0"), InlineData("GiB"), InlineData("6XB"), InlineData("1e9")]
    public void Other_memory_is_refused(string text)
    {
        Command command = Make(out _);
        Assert.Contains("--memory must be", Assert.Single(command.Parse(["--memory", text]).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vllm_s_names_do_as_well()
    {
        EngineOptions options = Read("--gpu-memory-utilization", "0.95", "--dtype", "half", "--max-model-len", "4096", "--tensor-parallel-size", "1", "--trust-remote-code");
        Assert.Equal((0.95, KvType.Float16, 4096), (options.Memory, options.KvType, options.MaxModelLength));
    }

    [Fact]
    public void Without_options_the_engine_s_defaults_hold() => Assert.Equal(new EngineOptions(), Read());

    private static EngineOptions Read(params string[] arguments)
    {
        Command command = Make(out EngineArguments engine);
        ParseResult parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return engine.Read(parsed);
    }

    private static Command Make(out EngineArguments engine)
    {
        engine = new EngineArguments(lengthCap: null);
        var command = new Command("test");
        foreach (Option option in engine.All)
            command.Add(option);
        return command;
    }
}
