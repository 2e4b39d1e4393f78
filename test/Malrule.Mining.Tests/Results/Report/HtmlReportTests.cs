using System.Text.Json;
using System.Text.RegularExpressions;
using Malrule.Mining.Questions;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Results.Report;

public sealed class HtmlReportTests
{
    [Fact]
    public void Every_distractor_stands_in_the_report_with_its_candidates_texts_and_evidence()
    {
        JsonElement data = ReportFiles.Data(ReportFiles.Write(ReportFiles.Bank()));
        JsonElement[] items = [.. data.GetProperty("items").EnumerateArray()];
        Assert.Equal(["B", "C", "B", "C"], items.Select(item => item.GetProperty("letter").GetString()));
        Assert.Equal([2, 0, 2, 0], items.Select(item => item.GetProperty("rank").GetInt32()));
        Assert.Equal([true, false, true, false], items.Select(item => item.GetProperty("seen").GetBoolean()));

        JsonElement first = items[0];
        Assert.Equal([2, 1], first.GetProperty("candidates").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal([0.12346, 0.1], first.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble()));
        Assert.Equal(["adds", ReportFiles.Attack, ""], first.GetProperty("texts").EnumerateArray().Select(text => text.GetString()));
        Assert.Equal([2, 1, 1], first.GetProperty("counts").EnumerateArray().Select(count => count.GetInt32()));
        Assert.Equal("Adds \\( a^2 \\)", data.GetProperty("names").GetProperty("1").GetString());
        Assert.Equal(2, data.GetProperty("metrics").GetProperty("seen").GetProperty("distractors").GetInt32());
        Assert.Contains("5 other distractors", data.GetProperty("remarks")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_never_comes_from_the_question_under_test()
    {
        JsonElement data = ReportFiles.Data(ReportFiles.Write(ReportFiles.Bank()));
        foreach (JsonElement item in data.GetProperty("items").EnumerateArray())
        {
            int own = item.GetProperty("question").GetInt32();
            Assert.DoesNotContain(own, item.GetProperty("neighbours").EnumerateArray().Select(near => near.GetProperty("question").GetInt32()));
            Assert.DoesNotContain(own, item.GetProperty("demonstrations").EnumerateArray().Select(place => place.GetInt32()));
        }
        JsonElement near = data.GetProperty("items")[0].GetProperty("neighbours")[0];
        Assert.Equal(5, data.GetProperty("questions")[near.GetProperty("question").GetInt32()].GetProperty("id").GetInt32());
    }

    [Fact]
    public void Foreign_text_never_becomes_markup()
    {
        string html = File.ReadAllText(ReportFiles.Write(ReportFiles.Bank()));
        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(html, "</script>"));
    }

    [Fact]
    public void The_page_fetches_nothing_and_is_the_same_bytes_each_time()
    {
        string first = ReportFiles.Write(ReportFiles.Bank());
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(ReportFiles.Write(ReportFiles.Bank())));
        string page = Regex.Replace(File.ReadAllText(first), "<script.*</script>", "", RegexOptions.Singleline);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(src|href)=""(?!#)|url\(|@import|\{\{", page);
    }

    [Fact]
    public void Unlabelled_questions_are_shown_without_measures()
    {
        QuestionBank labelled = ReportFiles.Bank();
        var bank = new QuestionBank(labelled.Catalogue, [], [Question(4, "c", "s", "q")]);
        JsonElement data = ReportFiles.Data(ReportFiles.Write(bank, MiningMethod.Lexical));
        Assert.False(data.TryGetProperty("metrics", out _));
        Assert.Equal(3, data.GetProperty("items").GetArrayLength());
        Assert.All(data.GetProperty("items").EnumerateArray(), item => Assert.Equal(0, item.GetProperty("neighbours").GetArrayLength() + item.GetProperty("texts").GetArrayLength()));
    }
}
