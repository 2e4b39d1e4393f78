using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Documents;

/// <summary>The sample service, started as its head says and asked over HTTP.</summary>
public sealed partial class TaggingTests(TinyModels models)
{
    [Fact]
    public async Task The_sample_service_tags_a_wrong_answer_by_the_labels_of_similar_ones()
    {
        JsonElement[] tags = await TagAsync([]);
        Assert.Equal(["B", "C", "D"], tags.Select(tag => tag.GetProperty("letter").GetString()));
        JsonElement first = tags[0].GetProperty("likely")[0];
        Assert.Equal("Adds or subtracts the tops and the bottoms of fractions separately", first.GetProperty("name").GetString());
        Assert.All(tags, tag => Assert.Empty(tag.GetProperty("inferred").EnumerateArray()));
    }

    [Fact]
    public async Task With_models_it_asks_a_language_model_too()
    {
        JsonElement[] tags = await TagAsync(["--model", models.Chat, "--embedder", models.Embedder]);
        Assert.Contains(tags, tag => tag.GetProperty("inferred").GetArrayLength() > 0);
        Assert.All(tags, tag => Assert.Equal(5, tag.GetProperty("likely").GetArrayLength()));
    }

    private static async Task<JsonElement[]> TagAsync(string[] options)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using Process service = SampleFile.Start("tagging.cs", ["--data", Path.Combine(TestPaths.Repository, "samples", "starter"), "--urls", "http://127.0.0.1:0", .. options]);
        try
        {
            string address = await AddressAsync(service, cancellation);
            using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
            HttpResponseMessage refused = await client.PostAsJsonAsync($"{address}/tag", new { stem = "?", options = new[] { "1" }, key = "A" }, cancellation);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
            HttpResponseMessage answer = await client.PostAsJsonAsync($"{address}/tag", new { stem = "What is 1/2 + 1/3?", options = new[] { "5/6", "2/5", "1/6", "2/3" }, key = "A" }, cancellation);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancellation));
            return (await answer.Content.ReadFromJsonAsync<JsonElement[]>(cancellation))!;
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            await service.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<string> AddressAsync(Process service, CancellationToken cancellation)
    {
        _ = service.StandardError.ReadToEndAsync(cancellation);
        var lines = new List<string>();
        while (await service.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            lines.Add(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = service.StandardOutput.ReadToEndAsync(cancellation);
                return match.Groups[1].Value;
            }
        }
        Assert.Fail(string.Join('\n', lines));
        return "";
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();
}
