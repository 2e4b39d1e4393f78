namespace Malrule.Mining.Tests.Results.Report;

/// <summary>The report used as a reader does: by keys, search and filters, wide and narrow, light and dark, and by assistive technology.</summary>
public sealed class BrowserUseTests
{
    private const string Cards = "[...document.querySelectorAll('.card')].map(card => card.id)", Focus = "document.activeElement.id";

    /// <summary>What a reader would notice is missing: a list of complaints, empty where there is none.</summary>
    private const string Audit = """
        (() => {
          const wrong = [];
          const say = (element, what) => wrong.push(`${element.tagName}.${element.className.baseVal ?? element.className}#${element.id} "${element.textContent.trim().slice(0, 30)}": ${what}`);
          const shown = element => element.checkVisibility();
          for (const field of document.querySelectorAll('input, select, textarea')) if (!field.labels?.length) say(field, 'no label');
          for (const button of document.querySelectorAll('button, a[href], summary')) if (!button.textContent.trim() && !button.ariaLabel) say(button, 'no name');
          for (const image of document.querySelectorAll('svg, img, [role=img]')) if (image.getAttribute('role') !== 'img' || !image.getAttribute('aria-label')) say(image, 'no role or label');
          for (const cell of document.querySelectorAll('th')) if (!cell.scope) say(cell, 'no scope');
          for (const part of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(part.getAttribute('aria-labelledby'))?.textContent) say(part, 'labelled by nothing');
          const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
          if (new Set(ids).size !== ids.length) wrong.push('an id twice');
          if (!document.documentElement.lang) wrong.push('no language');
          if (document.querySelectorAll('main, header.page-head, h1').length !== 3) wrong.push('no landmarks');
          let level = 0;
          for (const heading of document.querySelectorAll('main :is(h1, h2, h3, h4)')) {
            if (+heading.tagName[1] > level + 1) say(heading, `jumps from level ${level}`);
            level = +heading.tagName[1];
          }
          const channels = color => color.match(/[\d.]+/g).map(Number);
          const light = color => channels(color).slice(0, 3).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const back = element => {
            for (; element; element = element.parentElement) {
              const color = getComputedStyle(element).backgroundColor;
              if ((channels(color)[3] ?? 1) === 1) return color;
            }
            return 'rgb(255, 255, 255)';
          };
          for (const element of document.querySelectorAll('body *')) {
            const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
            if (!own || !shown(element) || element.closest('.hidden, .skip, script, style, noscript')) continue;
            const style = getComputedStyle(element);
            const ink = element.closest('svg') ? style.fill : style.color;
            const [a, b] = [light(ink), light(back(element))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) say(element, `contrast ${contrast.toFixed(2)} of ${ink} on ${back(element)}`);
          }
          if (document.documentElement.scrollWidth > innerWidth) wrong.push(`wider than the window: ${document.documentElement.scrollWidth} > ${innerWidth}`);
          return wrong.join('\n');
        })()
        """;

    private static Task<BrowserPage> Open(bool reranked = false) => BrowserPage.OpenAsync(ReportFiles.Write(ReportFiles.Bank(), reranked: reranked), TestContext.Current.CancellationToken);

    private static Task<string> Choose(BrowserPage page, string select, string value) =>
        page.EvaluateAsync($"(document.getElementById('{select}').value = '{value}', document.getElementById('{select}').dispatchEvent(new Event('input', {{ bubbles: true }})))");

    [Fact]
    public async Task Keys_walk_the_cards_open_evidence_search_turn_the_light_off_and_list_themselves()
    {
        await using BrowserPage page = await Open();
        await page.PressAsync("j");
        Assert.Equal("3_B", await page.EvaluateAsync(Focus));
        await page.PressAsync("j", "j", "k");
        Assert.Equal("3_C", await page.EvaluateAsync(Focus));

        const string open = "[...document.getElementById('3_C').querySelectorAll('details')].map(section => section.open)";
        Assert.Contains("false", await page.EvaluateAsync(open), StringComparison.Ordinal);
        await page.PressAsync("o");
        Assert.DoesNotContain("false", await page.EvaluateAsync(open), StringComparison.Ordinal);
        await page.PressAsync("o");
        Assert.DoesNotContain("true", await page.EvaluateAsync(open), StringComparison.Ordinal);

        string theme = await page.EvaluateAsync("getComputedStyle(document.body).backgroundColor");
        await page.PressAsync("t");
        Assert.NotEqual(theme, await page.EvaluateAsync("getComputedStyle(document.body).backgroundColor"));

        await page.PressAsync("?");
        Assert.Equal("true", await page.EvaluateAsync("document.getElementById('help').open"));
        await page.EvaluateAsync("document.getElementById('help').close()");

        await page.PressAsync("/", "o", "p", "e", "n");
        Assert.Equal(("search", "open", "8_C"), (await page.EvaluateAsync(Focus), await page.EvaluateAsync("document.activeElement.value"), await page.EvaluateAsync(Cards)));
        Assert.Equal("1 of 4", await page.EvaluateAsync("document.getElementById('count').textContent"));
        await page.PressAsync("Escape");
        Assert.NotEqual("search", await page.EvaluateAsync(Focus));
    }

    [Fact]
    public async Task Search_filters_and_order_narrow_the_cards_and_a_link_leads_to_one()
    {
        await using BrowserPage page = await Open();
        await Choose(page, "search", "5_b");
        Assert.Equal("5_B", await page.EvaluateAsync(Cards));
        await Choose(page, "search", "no such words");
        Assert.Equal("Nothing matches. Loosen the search or the filters.", await page.EvaluateAsync("document.getElementById('cards').textContent"));
        await Choose(page, "search", "");
        await Choose(page, "outcome", "miss");
        Assert.Equal("3_C,8_C", await page.EvaluateAsync(Cards));
        await Choose(page, "outcome", "failed");
        Assert.Equal("8_C", await page.EvaluateAsync(Cards));
        await Choose(page, "outcome", "hit");
        Assert.Equal("3_B,5_B", await page.EvaluateAsync(Cards));
        await Choose(page, "novelty", "unseen");
        Assert.Equal("", await page.EvaluateAsync(Cards));
        await Choose(page, "outcome", "");
        Assert.Equal("3_C,8_C", await page.EvaluateAsync(Cards));
        await Choose(page, "novelty", "");
        await Choose(page, "order", "worst");
        Assert.Equal("3_C,8_C,3_B,5_B", await page.EvaluateAsync(Cards));
        await Choose(page, "search", "angles");
        await page.EvaluateAsync("(location.hash = '#5_B')");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal("5_B", await page.EvaluateAsync(Focus));
        Assert.Equal("true", await page.EvaluateAsync("document.getElementById('verdict').closest('label').hidden"));
    }

    [Fact]
    public async Task A_link_to_a_far_distractor_draws_those_around_it_only_and_earlier_ones_on_request()
    {
        await using BrowserPage page = await BrowserPage.OpenAsync(ReportFiles.Write(ReportFiles.Bank(questions: 200)), TestContext.Current.CancellationToken);
        const string ends = "[document.querySelector('.card').id, document.querySelectorAll('.card').length >= 20, document.querySelectorAll('.card').length < 80]";
        await page.EvaluateAsync("(location.hash = '#150_B')");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal("150_B", await page.EvaluateAsync(Focus));
        Assert.Equal("150_B,true,true", await page.EvaluateAsync(ends));
        Assert.Equal("true", await page.EvaluateAsync("Math.abs(document.activeElement.getBoundingClientRect().top) < 200"));
        await page.PressAsync("k");
        Assert.Equal("149_B", await page.EvaluateAsync(Focus));
        Assert.Equal("130_B,true,true", await page.EvaluateAsync(ends));
        await page.EvaluateAsync("document.getElementById('earlier').click()");
        Assert.Equal("110_B,true,true", await page.EvaluateAsync(ends));
        await Choose(page, "search", "150_");
        Assert.Equal("true", await page.EvaluateAsync("document.getElementById('earlier').hidden"));
    }

    [Fact]
    public async Task A_failed_request_shows_its_error_and_an_inferred_text_the_name_nearest_to_it()
    {
        await using BrowserPage page = await Open();
        Assert.Equal($"A request failed: The prompt has 5000 tokens {ReportFiles.Attack}", await page.EvaluateAsync("document.getElementById('8_C').querySelector('.failed').textContent"));
        Assert.StartsWith("nearest name: Adds", await page.EvaluateAsync("document.getElementById('3_C').querySelector('.near').textContent"), StringComparison.Ordinal);
        Assert.EndsWith("0.91", await page.EvaluateAsync("document.getElementById('3_C').querySelector('.near').textContent"), StringComparison.Ordinal);
        Assert.Equal("Infer on train.csv – Malrule", await page.EvaluateAsync("document.title"));
    }

    [Fact]
    public async Task A_reranked_report_shows_probabilities_earlier_places_and_none_of_these()
    {
        await using BrowserPage page = await Open(reranked: true);
        Assert.Equal("Infer, reranked, on train.csv", await page.EvaluateAsync("document.getElementById('title').textContent"));
        string lead = await page.EvaluateAsync("document.getElementById('lead').textContent");
        Assert.Matches(@"Reranking changed MAP@25 from 0\.\d{3} by [−+]0\.\d{3} \(95 %: [−+]0\.\d{3} to [−+]0\.\d{3}\): the right one rose for \d and fell for \d\.$", lead);
        string card = await page.EvaluateAsync("document.getElementById('3_C').textContent");
        Assert.Contains("Probability", card, StringComparison.Ordinal);
        Assert.Contains("was 2", card, StringComparison.Ordinal);
        Assert.Contains("None of these: 0.600", card, StringComparison.Ordinal);
        await Choose(page, "verdict", "none");
        Assert.Equal("3_C", await page.EvaluateAsync(Cards));
        await Choose(page, "verdict", "one");
        Assert.Equal("3_B,5_B", await page.EvaluateAsync(Cards));
    }

    [Theory, InlineData(1280), InlineData(360)]
    public async Task A_bank_without_labels_shows_what_stands_first_most_often_and_leads_there(int width)
    {
        var bank = new Malrule.Mining.Questions.QuestionBank(ReportFiles.Bank().Catalogue, [], [Questions.Banks.Question(4, "c", "s", "q"), Questions.Banks.Question(6, "c", "s", "q")]);
        await using BrowserPage page = await BrowserPage.OpenAsync(ReportFiles.Write(bank, MiningMethod.Lexical), TestContext.Current.CancellationToken);
        await page.ResizeAsync(width, 900);
        Assert.Equal("Plain5", await page.EvaluateAsync("document.querySelector('.frequent button').textContent"));
        Assert.Equal("", await page.EvaluateAsync(Audit));
        await page.EvaluateAsync("document.querySelector('.frequent button').click()");
        Assert.Equal("Plain", await page.EvaluateAsync("document.getElementById('search').value"));
        Assert.Equal("5 of 6", await page.EvaluateAsync("document.getElementById('count').textContent"));
    }

    [Theory]
    [InlineData("light", 1280)]
    [InlineData("dark", 1280)]
    [InlineData("light", 360)]
    [InlineData("dark", 360)]
    public async Task Everything_is_labelled_legible_and_fits_the_window(string scheme, int width)
    {
        await using BrowserPage page = await Open(reranked: true);
        await page.PreferAsync(scheme);
        await page.ResizeAsync(width, 900);
        await page.EvaluateAsync("document.querySelectorAll('details').forEach(section => { section.open = true; })");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal("", await page.EvaluateAsync(Audit));
    }
}
