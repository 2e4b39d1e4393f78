using System.Text.RegularExpressions;

namespace Malrule.Mining.Tests.Results.Report;

public sealed class BrowserTests
{
    [Fact]
    public async Task A_browser_draws_cards_mathematics_and_plots_and_runs_nothing_foreign()
    {
        string document = await Chromium.DumpAsync(ReportFiles.Write(ReportFiles.Bank()), TestContext.Current.CancellationToken);
        string page = Regex.Replace(document, "<script.*?</script>", "", RegexOptions.Singleline);

        Assert.Equal(["3_B", "3_C", "5_B", "8_C"], Regex.Matches(page, "<article class=\"card\" id=\"([^\"]+)\"").Select(match => match.Groups[1].Value));
        Assert.Equal(3, Regex.Count(page, "<svg"));
        Assert.Contains("<mfrac><mn>1</mn><mn>2</mn></mfrac>", page, StringComparison.Ordinal);
        Assert.Contains("<table class=\"tabular\"", page, StringComparison.Ordinal);
        Assert.Contains("Open \\( and never closed", page, StringComparison.Ordinal);
        Assert.Contains("2 ×", page, StringComparison.Ordinal);
        Assert.Contains("No candidate.", page, StringComparison.Ordinal);

        Assert.Contains("<title>Infer on train.csv – Malrule</title>", page, StringComparison.Ordinal);
        Assert.Contains("of &lt;/script&gt;&lt;img src=x onerror=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
    }
}
