using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

/// <summary>Renderings that Jinja2 gave in transformers' environment.</summary>
public sealed class ChatTemplateGoldenTests
{
    [Fact]
    public void Published_templates_render_as_in_Jinja2() => Check(TestPaths.Shared("goldens", "chat_templates.json"));

    private static void Check(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement golden = document.RootElement;
        Dictionary<string, ChatTemplate> templates = golden.GetProperty("templates").EnumerateObject().ToDictionary(
            template => template.Name,
            template => ChatTemplate.Parse(template.Value.GetString()!, golden.GetProperty("bos_token").GetString(), golden.GetProperty("eos_token").GetString()));
        var failures = new List<string>();
        int cases = 0;
        foreach (JsonElement @case in golden.GetProperty("cases").EnumerateArray())
        {
            cases++;
            JsonElement expected = @case.GetProperty("expected");
            string? error = expected.ValueKind == JsonValueKind.Object ? expected.GetProperty("error").GetString() : null;
            Dictionary<string, object?> variables = @case.GetProperty("kwargs").EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value);
            string? actual = null, actualError = null;
            try
            {
                actual = templates[@case.GetProperty("template").GetString()!].Render(@case.GetProperty("messages"), true, variables, TimeProvider.System);
            }
            catch (InvalidInputException e)
            {
                actualError = e.Message;
            }
            bool isSame = error is null ? actual == expected.GetString() : actualError?.Contains(error, StringComparison.Ordinal) == true && actualError.Contains(", line ", StringComparison.Ordinal);
            if (!isSame)
                failures.Add($"{@case.GetRawText()}\n  gave {JsonSerializer.Serialize(actual ?? actualError)}");
        }
        Assert.NotEqual(0, cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases} differ:\n{string.Join('\n', failures.Take(5))}");
    }
}
