using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Results.Report;

/// <summary>
/// <c>report.html</c>: one file that opens without a network. The page's own script builds everything from a block of JSON and puts text on the
/// page as text only; a content security policy lets no other script run, by the digest of this one, and nothing be fetched. So stems, names and
/// generated texts, which are all foreign, stay text.
/// </summary>
internal static partial class HtmlReport
{
    private static readonly string[] Scripts = ["katex/katex.min.js", "prose.js", "charts.js", "report.js"];

    public static void Write(string path, QuestionBank bank, IReadOnlyList<MinedDistractor> mined, RunManifest manifest)
    {
        string data = JsonSerializer.Serialize(new ReportBuilder(bank).Build(mined, manifest), ReportJson.Compact.ReportData);
        string html = Html(data);
        AtomicFile.WriteText(path, writer => writer.Write(html));
    }

    /// <summary>The page around a block of JSON in which no &lt; stands.</summary>
    internal static string Html(string data)
    {
        string script = $"/*\nKaTeX\n{Resource("katex/LICENSE")}*/\n{string.Join('\n', Scripts.Select(Resource))}";
        var parts = new Dictionary<string, string>
        {
            ["style"] = Resource("report.css"),
            ["script"] = script,
            ["digest"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))),
            ["data"] = data,
        };
        return Placeholder().Replace(Resource("report.html"), match => parts[match.Groups[1].Value]);
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream($"report/{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Placeholder();
}
