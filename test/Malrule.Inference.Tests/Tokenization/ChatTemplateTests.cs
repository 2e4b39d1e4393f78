using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] Hello = [new("user", "Hello")];

    [Fact]
    public void Messages_special_tokens_and_variables_reach_the_template()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m['content'] }}{{ eos_token }}{% endfor %}{{ add_generation_prompt }} {{ x }} {{ list }} {{ tools is none }} {{ pad_token is defined }}",
            bosToken: "<s>", eosToken: "</s>");
        Assert.Equal("<s>user:Hello</s>True 1.5 [1, &#39;a&#39;, {&#39;k&#39;: None}] True False".Replace("&#39;", "'", StringComparison.Ordinal),
            template.Render(Hello, true, new Dictionary<string, object?> { ["x"] = 1.5f, ["list"] = new object?[] { 1, "a", new Dictionary<string, object?> { ["k"] = null } } }));
        Assert.StartsWith("user:Hello", ChatTemplate.Parse("{{ bos_token }}{{ messages[0].role }}:{{ messages[0].content }}").Render(Hello), StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_of_a_foreign_type_is_refused() => Assert.Contains("System.Version",
        Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse("").Render(Hello, true, new Dictionary<string, object?> { ["x"] = new Version(1, 2) })).Message, StringComparison.Ordinal);

    [Fact]
    public void The_date_is_the_clocks()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %A %H:%M:%S %j %-d %e %y %I %p %%') }}");
        using JsonDocument none = JsonDocument.Parse("[]");
        Assert.Equal("07 Mar 2024, Thursday 16:05:09 067 7  7 24 04 PM %", template.Render(none.RootElement, true, null, new Clock()));
        Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse("{{ strftime_now('%Q') }}").Render(Hello));
    }

    [Fact]
    public void A_checkpoints_template_comes_from_its_configuration_or_its_own_file()
    {
        string folder = TestPaths.TemporaryFolder();
        Assert.Null(ChatTemplate.Load(folder));

        string config = Path.Combine(folder, "tokenizer_config.json");
        File.WriteAllText(config, """{"bos_token":null}""");
        Assert.Null(ChatTemplate.Load(folder));

        File.WriteAllText(config, """{"chat_template":"A{{ bos_token }}{{ eos_token }}","bos_token":{"content":"<s>","special":true},"eos_token":"</s>"}""");
        Assert.Equal("A<s></s>", ChatTemplate.Load(folder)!.Render(Hello));

        File.WriteAllText(config, """{"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D{{ bos_token }}"}],"bos_token":null}""");
        Assert.Equal("D", ChatTemplate.Load(folder)!.Render(Hello));

        File.WriteAllText(config, """{"chat_template":[{"name":"tool_use","template":"T"}]}""");
        Assert.Contains("tool_use", Assert.Throws<InvalidInputException>(() => ChatTemplate.Load(folder)).Message, StringComparison.Ordinal);

        File.WriteAllText(config, """{"chat_template":"from the configuration","eos_token":"<e>"}""");
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "from the file {{ eos_token }}");
        Assert.Equal("from the file <e>", ChatTemplate.Load(folder)!.Render(Hello));
    }

    [Fact]
    public void A_bad_template_is_refused_with_its_file_and_line()
    {
        string folder = TestPaths.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "line one\n{% for %}");
        string message = Assert.Throws<InvalidInputException>(() => ChatTemplate.Load(folder)).Message;
        Assert.Contains("chat_template.jinja, line 2", message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "chat_template.jinja"));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"chat_template":7}""");
        Assert.Contains("chat_template must be a string", Assert.Throws<InvalidInputException>(() => ChatTemplate.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for i in range(10**9) %}{% endfor %}", "range")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(100000) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(100000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "deeper")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}", "deeper")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", "steps")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == [ns.x] }}{{ ns.x == ns.x + [] }}", "steps")]
    [InlineData("{{ 'a' * 10**18 }}", "characters")]
    [InlineData("{{ ([1] * 10**18) | length }}", "steps")]
    [InlineData("{{ 'a'.center(10**18) }}", "characters")]
    [InlineData("{{ 'a'.zfill(10**15) }}", "characters")]
    [InlineData("{{ 'a\\n' | indent(10**9) }}", "1000")]
    [InlineData("{{ [1] | tojson(indent=10**9) }}", "1000")]
    [InlineData("{{ [1] | batch(10**6, 'x') | list | batch(10**6) | list }}{{ [1] | batch(10**7, 1) | list }}{{ [1] | batch(10**7, 1) | list }}", "steps")]
    [InlineData("{% for i in range(100000) %}{{ ('x' * 10000).replace('x', 'yyyy') | length }}{% endfor %}", "characters")]
    [InlineData("{% for i in range(100000) %}{{ 'y' in 'x' * 10000 }}{% endfor %}", "characters")]
    [InlineData("{{ 10 ** 100 }}", "64 bits")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "64 bits")]
    [InlineData("{{ 99999999999999999999 }}", "too large")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deeper")]
    [InlineData("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "deeper")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "deeper")]
    [InlineData("{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n else 'x' }}{% endmacro %}{{ m(40) }}", "steps")]
    [InlineData("{{ 'x' | explode }}", "explode")]
    [InlineData("{% explode %}", "explode")]
    [InlineData("{% include 'other' %}", "include")]
    [InlineData("{% import 'os' as os %}", "import")]
    [InlineData("{{ messages.append(1) }}", "append")]
    [InlineData("{{ messages[0].content.__class__.mro() }}", "no member '__class__'")]
    [InlineData("{{ raise_exception('no such role') }}", "no such role")]
    public void A_hostile_template_ends_in_one_clear_error(string template, string word)
    {
        string message = Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse(template).Render(Hello)).Message;
        Assert.Contains("line 1", message, StringComparison.Ordinal);
        Assert.Contains(word, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ", "(")]
    [InlineData("{{ ", "[")]
    [InlineData("{{ ", "{1:")]
    [InlineData("{{ ", "not ")]
    [InlineData("{{ ", "-")]
    [InlineData("{{ ", "a[")]
    [InlineData("{{ ", "a(")]
    [InlineData("{{ 1 ", "if 1 else 1 ")]
    [InlineData("", "{% if 1 %}")]
    [InlineData("", "{% for x in y %}")]
    [InlineData("{% set ", "(")]
    [InlineData("{% for ", "(")]
    [InlineData("{{ x ", "| f(x")]
    [InlineData("{{ x ", "is eq(")]
    [InlineData("{{ x is eq ", "[")]
    public void Deep_nesting_is_refused_before_the_stack_ends(string start, string repeated)
    {
        string template = start + string.Concat(Enumerable.Repeat(repeated, 60_000));
        Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse(template));
    }

    [Theory]
    [InlineData("{{ 1", " + 1", " }}")]
    [InlineData("{{ x", ".x", " }}")]
    [InlineData("{{ x", "|trim", " }}")]
    [InlineData("{{ x", "[0]", " }}")]
    [InlineData("{{ 1", " is defined", " }}")]
    [InlineData("{{ 1", " and 1", " }}")]
    public void Long_chains_are_refused_when_they_run_before_the_stack_ends(string start, string repeated, string end)
    {
        ChatTemplate template = ChatTemplate.Parse(start + string.Concat(Enumerable.Repeat(repeated, 50_000)) + end);
        InvalidInputException? error = null;
        var thread = new Thread(() => error = Record.Exception(() => template.Render(Hello)) as InvalidInputException, maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Contains("deeper", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deepest_allowed_nesting_fits_a_small_stack()
    {
        string template = "{% macro m(n) %}{% for x in [1] %}{% if true %}{{ m(n - 1) | trim | upper if n > 0 else 'x' }}{% endif %}{% endfor %}{% endmacro %}{{ m(1000) }}"
            + string.Concat(Enumerable.Repeat("{{ " + new string('(', 90) + "1" + new string(')', 90) + " }}", 3));
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => ChatTemplate.Parse(template).Render(Hello)), maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Contains("deeper", Assert.IsType<InvalidInputException>(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_names_the_line_of_what_failed()
    {
        string message = Assert.Throws<InvalidInputException>(() => ChatTemplate.Parse("a\nb\n{{ x }}\n{% if y.z %}{% endif %}").Render(Hello)).Message;
        Assert.Equal("The chat template, line 4: 'y' is undefined.", message);
    }

    [Fact]
    public void A_template_serves_many_threads()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content|length %}{% endfor %}{{ ns.n }}");
        Parallel.For(0, 500, i => Assert.Equal($"{i % 7 * 3}", template.Render([.. Enumerable.Repeat(new ChatMessage("user", "abc"), i % 7)])));
    }

    private sealed class Clock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 3, 7, 16, 5, 9, TimeSpan.Zero);
    }
}
