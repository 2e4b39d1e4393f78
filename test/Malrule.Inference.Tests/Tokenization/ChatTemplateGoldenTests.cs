using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

/// <summary>Renderings that Jinja2 gave in transformers' environment.</summary>
public sealed class ChatTemplateGoldenTests
{
    [Fact]
    public void Published_templates_render_as_in_Jinja2() => Check(TestPaths.Data("goldens", "chat_templates.json"));

    [Fact]
    public void Templates_of_every_feature_render_as_in_Jinja2() => Check(TestPaths.Data("templates", "golden.json"));

    private static void Check(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement golden = document.RootElement;
        string bos = golden.GetProperty("bos_token").GetString()!, eos = golden.GetProperty("eos_token").GetString()!;
        var failures = new List<string>();
        int cases = 0;
        foreach (JsonElement @case in golden.GetProperty("cases").EnumerateArray())
        {
            cases++;
            JsonElement expected = @case.GetProperty("expected");
            string? error = expected.ValueKind == JsonValueKind.Object ? expected.GetProperty("error").GetString() : null;
            var variables = new Dictionary<string, object?>();
            if (golden.TryGetProperty("variables", out JsonElement shared))
                foreach (JsonProperty member in shared.EnumerateObject())
                    variables[member.Name] = member.Value;
            foreach (JsonProperty member in @case.GetProperty("kwargs").EnumerateObject())
                variables[member.Name] = member.Value;
            string template = golden.GetProperty("templates").GetProperty(@case.GetProperty("template").GetString()!).GetString()!;
            string? actual = null, actualError = null;
            try
            {
                actual = ChatTemplate.Parse(template, bos, eos).Render(@case.GetProperty("messages"), true, variables, TimeProvider.System);
            }
            catch (InvalidInputException e)
            {
                actualError = e.Message;
            }
            bool isSame = error is null ? actual == expected.GetString() : actualError?.Contains(error, StringComparison.Ordinal) == true
                && actualError.StartsWith("The chat template, line ", StringComparison.Ordinal);
            if (!isSame)
                failures.Add($"{template}\n{@case.GetRawText()}\n  gave {JsonSerializer.Serialize(actual ?? actualError)}");
        }
        Assert.NotEqual(0, cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases} differ:\n{string.Join('\n', failures.Take(40))}");
    }
}
