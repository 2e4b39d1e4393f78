using System.CommandLine;
using Malrule.Cli.Commands;
using Malrule.Mining;

namespace Malrule.Cli.Tests.Commands;

public sealed class QuirkArgumentsTests
{
    private static readonly string[] AsTutorial =
    [
        "--demonstrations", "same-topic", "--demonstrations-for", "distractor", "--fallback-drops-matches", "true", "--drop-demonstrations", "false",
        "--layout", "dialogue", "--instruction", "none", "--topic", "false", "--clean-names", "false", "--seed-per-item", "false",
        "--after-last-colon", "true", "--blank-votes", "true", "--query-prefix", "", "--catalogue-prefix", "", "--double-cosines", "true", "--ties", "first-sample",
    ];

    private static readonly string[] AsDefault =
    [
        "--demonstrations", "similar", "--demonstrations-for", "question", "--fallback-drops-matches", "false", "--drop-demonstrations", "true",
        "--layout", "compact", "--instruction", new MiningOptions { Data = "", Output = "" }.Prompt.Instruction!, "--topic", "true", "--clean-names", "true", "--seed-per-item", "true",
        "--after-last-colon", "false", "--blank-votes", "false", "--double-cosines", "false", "--ties", "lower-id",
    ];

    [Theory, InlineData(MiningPreset.Default, MiningPreset.Tutorial), InlineData(MiningPreset.Tutorial, MiningPreset.Default)]
    public void All_of_them_together_turn_one_preset_into_the_other(MiningPreset from, MiningPreset into)
    {
        MiningOptions expected = MiningOptions.Of(into, "data", "run"), options = Read(MiningOptions.Of(from, "data", "run"), into == MiningPreset.Tutorial ? AsTutorial : AsDefault);
        Assert.Equal(expected.SeedPerItem, options.SeedPerItem);
        Assert.Equal(expected.Demonstrations, options.Demonstrations);
        Assert.Equal(expected.Prompt, options.Prompt);
        Assert.Equal(expected.Hypotheses, options.Hypotheses);
        Assert.Equal(expected.Fusion.Ties, options.Fusion.Ties);
        Assert.Equal((expected.Embedding.CleanNames, expected.Embedding.CosinesInDouble), (options.Embedding.CleanNames, options.Embedding.CosinesInDouble));
        if (into == MiningPreset.Tutorial) // a prefix can be set but not taken back to what the embedder was trained with
            Assert.Equal((expected.Embedding.QueryPrefix, expected.Embedding.CataloguePrefix), (options.Embedding.QueryPrefix, options.Embedding.CataloguePrefix));
    }

    [Theory, InlineData(MiningPreset.Default), InlineData(MiningPreset.Tutorial)]
    public void What_is_not_given_stays_as_the_preset_has_it(MiningPreset preset)
    {
        MiningOptions options = MiningOptions.Of(preset, "data", "run");
        Assert.Equal(options, Read(options, []));
    }

    [Fact]
    public async Task Help_shows_lesser_options_in_groups_and_each_option_once()
    {
        Tool help = await Tool.RunAsync("mine", "--help");
        string[] lines = help.Output.Split('\n');
        int[] titles = [.. new[] { "Options:", "Prompts:", "Sampling:", "From texts to a ranking:", "Engine:", "Examples:" }.Select(title => Array.FindIndex(lines, line => line.TrimEnd() == title))];
        Assert.Equal(titles.Order(), titles);
        Assert.DoesNotContain(-1, titles);
        Assert.Equal(lines.Count(line => line.StartsWith("  --", StringComparison.Ordinal)), lines.Where(line => line.StartsWith("  --", StringComparison.Ordinal)).Distinct().Count());
        int layout = Array.FindIndex(lines, line => line.StartsWith("  --layout", StringComparison.Ordinal));
        Assert.InRange(layout, titles[1], titles[2]);
        Assert.Single(lines, line => line.Contains("--verbose", StringComparison.Ordinal));
    }

    private static MiningOptions Read(MiningOptions preset, string[] arguments)
    {
        var quirks = new QuirkArguments();
        var command = new RootCommand();
        foreach (Option option in (IEnumerable<Option>)[.. quirks.Prompting, .. quirks.Seeding, .. quirks.Reading])
            command.Add(option);
        ParseResult parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return quirks.Read(parsed, preset);
    }
}
