using System.Collections.Concurrent;
using Malrule.Inference.Tests.Models;
using Malrule.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Malrule.Inference.Tests.Diagnostics;

public sealed class LogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loading_tells_kernels_and_ledger()
    {
        var log = new Lines();
        await using var engine = await LoadAsync("qwen2-fp16-tiny", log);
        string line = log.Of(LogLevel.Information).Single();
        Assert.Contains(engine.Info.KernelPath, line, StringComparison.Ordinal);
        Assert.Contains(engine.Info.Memory.ToString(), line, StringComparison.Ordinal);
        Assert.StartsWith("Malrule.Inference.LlmEngine", line, StringComparison.Ordinal);

        await using var embedder = await TextEmbedder.LoadAsync(TestPaths.Data("fixtures", "bert-tiny"), new EmbedderOptions { LoggerFactory = log }, Cancel);
        Assert.Contains("bert-tiny", log.Of(LogLevel.Information)[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_and_failed_requests_are_warnings_without_a_word_of_the_prompt()
    {
        var log = new Lines();
        await using var engine = await LoadAsync("qwen2-awq-tiny", log);
        await engine.GenerateAsync(["the secret of a prompt"], new SamplingParams(), Cancel); // no tokenizer
        await engine.GenerateAsync([(int[])[777]], new SamplingParams { AllowedTokenIds = [3], StopTokenIds = [3], MinTokens = 1, MaxTokens = 4 }, Cancel);
        string[] warnings = log.Of(LogLevel.Warning);
        Assert.Equal(2, warnings.Length);
        Assert.Contains("refused", warnings[0], StringComparison.Ordinal);
        Assert.Contains("leave no token", warnings[1], StringComparison.Ordinal);
        Assert.All(log.All, line => Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal));
        Assert.All(log.All, line => Assert.DoesNotContain("777", line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Preemption_and_eviction_are_told_seldom()
    {
        var log = new Lines();
        int page = 2 * 3 * 2 * 32 * 16 * 2; // the fixture's, fp16
        await using var engine = await LlmEngine.LoadAsync(Fixture.Load("qwen2-fp16-tiny").Directory,
            new EngineOptions { LoggerFactory = log, MaxModelLength = 256, MaxNumBatchedTokens = 64, Memory = await OtherMemoryAsync() + 20 * page, Threads = 1 }, Cancel);
        Assert.InRange(engine.Info.Memory.Pages, 16, 40);
        Prompt[] prompts = [.. Enumerable.Range(0, 60).Select(i => (Prompt)(int[])[.. Enumerable.Range(i, 40)])];
        await engine.GenerateAsync(prompts, new SamplingParams { MaxTokens = 90, IgnoreEos = true, Seed = 1 }, Cancel);
        Assert.InRange(engine.Statistics.Preemptions, 10, int.MaxValue);
        Assert.InRange(log.Of(LogLevel.Warning).Count(line => line.Contains("ran short", StringComparison.Ordinal)), 1, 1 + (int)Math.Log2(engine.Statistics.Preemptions));
        Assert.InRange(log.Of(LogLevel.Debug).Count(line => line.Contains("gave up", StringComparison.Ordinal)), 1, 10);
    }

    [Fact]
    public async Task A_container_lends_its_logger_factory()
    {
        var log = new Lines();
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(log).AddMalruleEngine(Fixture.Load("qwen2-fp16-tiny").Directory, new EngineOptions { Memory = 64 << 20, MaxModelLength = 64 });
        await using (ServiceProvider provider = services.BuildServiceProvider())
            Assert.NotNull(provider.GetRequiredService<LlmEngine>());
        Assert.Single(log.Of(LogLevel.Information));
    }

    private static Task<LlmEngine> LoadAsync(string fixture, ILoggerFactory log) =>
        LlmEngine.LoadAsync(Fixture.Load(fixture).Directory, new EngineOptions { Memory = 64 << 20, MaxModelLength = 256, LoggerFactory = log }, Cancel);

    private static async Task<long> OtherMemoryAsync()
    {
        await using var engine = await LlmEngine.LoadAsync(Fixture.Load("qwen2-fp16-tiny").Directory, new EngineOptions { Memory = 64 << 20, MaxModelLength = 256, MaxNumBatchedTokens = 64 }, Cancel);
        return engine.Info.Memory.Weights + engine.Info.Memory.Workspace;
    }

    private sealed class Lines : ILoggerFactory
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> All { get; } = new();

        public string[] Of(LogLevel level) => [.. All.Where(line => line.Level == level).Select(line => line.Text)];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose() { }

        private sealed class Logger(Lines lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.All.Enqueue((logLevel, $"{category}: {formatter(state, exception)}"));
        }
    }
}
