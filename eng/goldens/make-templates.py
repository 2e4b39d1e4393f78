#!/usr/bin/env python3
"""Records what Jinja2 3.1.6, set up as transformers sets it up, makes of the templates below.

    python3 eng/goldens/make-templates.py > test/data/templates/golden.json
"""
import json
import sys

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    """Marks the assistant's text, as transformers does; here it only has to be passed over."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def raise_exception(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENVIRONMENT = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
ENVIRONMENT.filters["tojson"] = tojson
ENVIRONMENT.globals["raise_exception"] = raise_exception

MESSAGES = [
    [{"role": "user", "content": "Hi"}],
    [{"role": "system", "content": " Be terse. "}, {"role": "user", "content": "2+3×4?\n"}, {"role": "assistant", "content": "14"}, {"role": "user", "content": "数学 👍 <b>&\"'"}],
    [{"role": "user", "content": None}, {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1, "y": [1.5, None, True, "é\"\\\n\t\u0001\u007f"]}}}]},
     {"role": "tool", "content": "{\"r\": 20}"}],
    [],
]

TEMPLATES = {
    "plain": "{% for message in messages %}[{{ message.role }}]{{ message['content'] }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
    "blocks": """{# a comment #}
{%- set ns = namespace(seen=false, count=0) -%}
{% for message in messages %}
    {%- if message.role == 'system' and loop.first %}
        <<{{ message.content | trim }}>>
    {%- elif message.role == 'tool' %}
        tool: {{ message.content }}
    {%- else %}
        {% set ns.count = ns.count + 1 %}
        {{ loop.index }}/{{ loop.length }} {{ message.role | upper }}: {{ message.content or '(none)' }}
        {%- set ns.seen = true %}
    {% endif %}
{% else %}
no messages
{% endfor %}
  {% if not ns.seen %}nothing seen{% endif %}
  {{ ns.count }}
""",
    "macros": """{%- macro turn(role, text='', end='<end>') -%}
    <{{ role }}>{{ text }}{{ end }}
{%- endmacro -%}
{%- macro wrap(tag) %}<{{ tag }}>{{ caller('!') }}</{{ tag }}>{% endmacro -%}
{%- macro many() %}{{ varargs | length }}{{ kwargs | tojson }}{% endmacro -%}
{%- for message in messages -%}
    {{ turn(message.role, message.content) if message.content is string else turn(message.role, end='') }}
{%- endfor -%}
{% call(mark) wrap('b') %}body{{ mark }}{% endcall %}
{{ many(1, 2, a=3) }} {{ turn.name }}""",
    "tools": """{%- if tools is not none and tools %}
{{- 'tools:' }}
{%- for tool in tools %}
{{- '\\n' ~ tool | tojson(indent=2) }}
{%- endfor %}
{%- endif %}
{%- for message in messages if message.tool_calls %}
{%- for call in message.tool_calls %}{% set call = call.function %}
{{- call.name ~ '(' }}{% for key, value in call.arguments | items %}{{ key }}={{ value | tojson }}{{ ', ' if not loop.last }}{% endfor %}{{ ')' }}
{%- endfor %}
{%- endfor %}""",
    "strict": """{%- for m in messages %}
{%- if m.role not in ['user', 'assistant', 'system'] %}
{{- raise_exception('Unexpected role ' ~ m.role ~ '!') }}
{%- endif %}
{%- generation %}{{ m.content }}{% endgeneration %}
{%- endfor %}
{{- raise_exception('No messages') if not messages }}""",
}

# Each line is a whole template, rendered with the variables below.
SNIPPETS = r"""
{{ 1 + 2 * 3 - 4 // 3 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** 3 ** 2 }} {{ 2 ** -1 }} {{ -2 ** 2 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.0001 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 1.5e3 }} {{ 100 / 10 }} {{ 3.14 | round(1) }}
{{ 'a' + 'b' ~ 1 ~ none ~ true ~ [1, 'x'] ~ {'k': 1.0} }} {{ 'ab' * 3 }} {{ 3 * [1] }} {{ (1,) }} {{ (1, 'b') }} {{ () }} {{ [] }} {{ {} }}
{{ 'it\'s' }} {{ ['it\'s', "say \"x\"", 'both \' "', 'tab\t\n\\', 'é👍\u200b\x00'] }}
{{ 'a\tb\x41\u00e9\U0001F44D\101\q' }} {{ 'ad' 'jacent' }}
{{ true and 0 }} {{ false or 'x' }} {{ not 1 }} {{ not none }} {{ 1 if false }} {{ 1 if true else 2 }} {{ 'a' if 0 else 'b' if 0 else 'c' }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ true == 1 }} {{ [1, 2] == [1, 2] }} {{ {'a': 1} == {'a': 1.0} }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ none == none }} {{ (1, 2) == [1, 2] }}
{{ 'b' in 'abc' }} {{ 2 in [1, 2] }} {{ 'k' in {'k': 1} }} {{ 3 not in [1, 2] }} {{ not 3 in [3] }} {{ 'x' in missing }}
{{ missing }}|{{ missing | default('d') }}|{{ none | default('d') }}|{{ '' | default('d', true) }}|{{ missing is defined }}|{{ missing is undefined }}|{{ d.nothing is defined }}|{{ d['nothing'] | d('x') }}
{{ missing.attribute }}
{{ missing + 1 }}
{{ 'a' + none }}
{{ 'a' + 1 }}
{{ d.missing.more }}
{{ none.x }}|{{ none['x'] }}|{{ 5.x }}
{{ 1 / 0 }}
{{ 1 ~ 2 + 3 }}
{{ items[0] }} {{ items[-1] }} {{ items[9] }} {{ items[1:] }} {{ items[:-1] }} {{ items[::-1] }} {{ items[::2] }} {{ items[5:1:-2] }} {{ items[-2:] }} {{ items[10:] }} {{ items[:100] }} {{ items[:0:-1] }} {{ items[-100::-1] }}
{{ text[0] }} {{ text[-1] }} {{ text[1:3] }} {{ text[::-1] }} {{ text[::3] }} {{ astral[1] }} {{ astral[1:] }} {{ astral | length }} {{ astral[::-1] }} {{ astral[-1] }} {{ text[99] }}
{{ d.a }} {{ d['b'] }} {{ d.items() | list }} {{ d.keys() | list }} {{ d.values() | list }} {{ d.get('a') }} {{ d.get('z') }} {{ d.get('z', 9) }} {{ d | length }} {{ d | list }} {{ d['items'] is defined }} {{ d.c.e[1].f }}
{{ {'items': 1}['items'] }} {{ {'get': 2}.get('get') }} {{ {1: 'one'}[1] }} {{ {1: 'one'}[true] }} {{ {'a': 1, 'a': 2} }}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}
{% for x in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }}{{ loop.cycle('o', 'e') }}{{ loop.depth }} {% endfor %}
{% for x in items if x != 2 %}{{ loop.index }}:{{ x }} {% else %}none{% endfor %}|{% for x in [] %}{% else %}empty{% endfor %}|{% for c in 'añ👍' %}{{ c }}.{% endfor %}|{% for k in d %}{{ k }}{% endfor %}|{% for x in missing %}{% else %}e{% endfor %}
{% for x in none %}{% endfor %}
{% for x in 5 %}{% endfor %}
{% for x in items %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for node in tree recursive %}{{ node.n }}{% if node.kids %}({{ loop(node.kids) }}){% endif %}{{ loop.depth0 }}{% endfor %}
{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for a, b in [[1, 2, 3]] %}{% endfor %}
{% for x in items %}{{ loop.changed(x > 1) }}{% endfor %}
{% set x = 1 %}{% for i in items %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}
{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% with x = 3, y = x %}{{ x }}{{ y }}{% set x = 9 %}{% endwith %}{{ x }}
{% set a, b = 1, 2 %}{{ b }}{{ a }}{% set c = 1, %}{{ c }}{% set (e, f) = [5, 6] %}{{ e + f }}
{% set ns = namespace(x=1, **{'y': 2}) %}{% for i in items %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}{% set ns.z = 1 %}{{ ns.z }}
{% set q = 1 %}{% set q.z = 2 %}
{% set block %}a{{ 1 }}{% set inner = 5 %}{{ inner }}{% endset %}[{{ block }}]{{ inner }}{% set up | upper | replace('A', 'z') %}abc{% endset %}{{ up }}
{% filter upper | trim %} abc{{ 'x' }} {% endfilter %}|
{% if 0 %}a{% elif [] %}b{% elif 'x' %}c{% else %}d{% endif %}{% if missing %}x{% endif %}{% if not missing %}y{% endif %}
{% raw %}{{ not }} {% an expression %}{% endraw %}|{%- raw -%}  a  {%- endraw -%}  |
{{- ' x ' -}}   b   {{- 'c' }}  {#- gone -#}  d
{{ [1, 2] | join }} {{ items | join(', ') }} {{ d.c.e | join('-', attribute='f') }} {{ 'abc' | join('.') }} {{ [none, missing] | join('|') }}
{{ '  a b ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'ß straße' | upper }}|{{ 'ÀÉ İ' | lower }}|{{ 'hello wORLD' | capitalize }}|{{ "it's a-b (c) x_y" | title }}|{{ 'a.b' | replace('.', '!') }}|{{ 'aaa' | replace('a', 'b', 2) }}|{{ 'ab' | replace('', '-') }}|{{ 'abc' | length }}|{{ 5 | string + '6' }}
{{ '5' | int + 1 }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '3.9' | int }} {{ 3.9 | int }} {{ -3.9 | int }} {{ '2.5' | float }} {{ 'y' | float }} {{ 3 | float }} {{ none | int }} {{ true | int }} {{ 2.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 42 | round }} {{ -5 | abs }} {{ 1.25 | round(1, 'floor') }}
{{ items | first }} {{ items | last }} {{ [] | first }} {{ 'abc' | first }} {{ 'abc' | last }} {{ items | sum }} {{ items | min }} {{ items | max }} {{ [] | max }} {{ ['b', 'A'] | min }} {{ items | reverse | list }} {{ 'abc' | reverse }} {{ 'abc' | list }}
{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(case_sensitive=true) }} {{ [3, 1, 2] | sort(reverse=true) }} {{ users | sort(attribute='age') | map(attribute='name') | list }} {{ ['a', 'A', 'b'] | unique | list }} {{ [1, 1.0, true, 2] | unique | list }}
{{ users | map(attribute='name') | join(',') }} {{ users | map(attribute='missing', default='-') | list }} {{ ['a', 'b'] | map('upper') | list }} {{ ['a', 'b'] | map('replace', 'a', 'z') | list }} {{ [[1], [2, 3]] | map('length') | list }} {{ users | map(attribute='tags.0') | list }}
{{ items | select('odd') | list }} {{ items | reject('odd') | list }} {{ items | select('greaterthan', 1) | list }} {{ [0, 1, ''] | select | list }} {{ users | selectattr('age', 'gt', 30) | map(attribute='name') | list }} {{ users | selectattr('admin') | list | length }} {{ users | rejectattr('admin') | list | length }} {{ users | selectattr('name', 'equalto', 'bo') | list | first }} {{ items | select('in', [1, 3]) | list }} {{ users | selectattr('age', 'defined') | list | count }}
{{ users | groupby('age') | map('first') | list }} {% for age, group in users | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join('+') }} {% endfor %}
{{ d | dictsort }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ d | items | list }} {{ missing | items | list }} {{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, '-') | list }}
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a b  c' | wordcount }}|{{ 'foo bar baz qux' | truncate(9) }}|{{ 'foo bar baz qux' | truncate(9, true) }}|{{ 'foo' | center(8) }}|{{ '%s is %d%%' | format('x', 5) }}|{{ '%.2f' % 1.005 }}|{{ '%s-%s' % ('a', [1]) }}
{{ '<a href="x">\'&' | escape }} {{ '<b>' | safe }} {{ '<b>' | e | safe }} {{ '<b>' | string }}
{{ value | tojson }} {{ value | tojson(indent=1) }} {{ 'é"\\/<>&\'' | tojson }} {{ 'é👍' | tojson(ensure_ascii=true) }} {{ {'b': 1, 'a': [1, {}]} | tojson(sort_keys=true, indent=4) }} {{ [1, 2] | tojson(separators=(',', ':')) }} {{ [] | tojson(indent=2) }} {{ (1, none) | tojson }} {{ 1e100 | tojson }} {{ {1: 2, true: 3} | tojson }}
{{ missing | tojson }}
{{ d | attr('a') }}|{{ 'x' | attr('upper') is callable }}
{{ 1 is odd }} {{ 2 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 'a' is string }} {{ 1 is number }} {{ true is number }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ [] is sequence }} {{ {} is mapping }} {{ {} is iterable }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ none is none }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ true is boolean }} {{ 'A' is upper }} {{ 'a' is lower }} {{ range is callable }} {{ 1 is eq 1 }} {{ 1 is ne 1 }} {{ 1 is lt 2 }} {{ 1 is in [1] }} {{ 1 is not in [1] }} {{ none is sameas none }} {{ 'upper' is filter }} {{ 'x' is filter }} {{ 'odd' is test }} {{ 'a' is not none and 1 is not string }}
{{ 'a,b,c'.split(',') }} {{ 'a b  c '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b '.split(' ') }} {{ 'a  b c'.split(none, 1) }} {{ 'a b  c '.rsplit(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb'.splitlines(true) }} {{ 'k=v=w'.partition('=') }} {{ 'k=v=w'.rpartition('=') }} {{ 'k'.partition('=') }} {{ 'a</think>b'.split('</think>')[-1] }}
{{ '\n a \n'.strip() }}|{{ 'xax'.strip('x') }}|{{ '  a '.lstrip() }}|{{ ' a  '.rstrip() }}|{{ 'abcba'.strip('ab') }}|{{ 'abc'.startswith('ab') }}|{{ 'abc'.startswith(('x', 'a')) }}|{{ 'abc'.endswith('bc') }}|{{ 'abc'.upper() }}|{{ 'ABC'.lower() }}|{{ 'aBC'.capitalize() }}|{{ "they're bill's".title() }}|{{ 'aB'.swapcase() }}|{{ 'abcabc'.find('c') }}|{{ 'abc'.find('z') }}|{{ 'abcabc'.rfind('c') }}|{{ 'abcabc'.count('bc') }}|{{ 'a-b'.replace('-', '+') }}|{{ 'aaa'.replace('a', 'b', 1) }}|{{ ', '.join(['a', 'b']) }}|{{ '5'.zfill(3) }}|{{ '-5'.zfill(4) }}|{{ 'a'.ljust(3) }}|{{ 'a'.rjust(3, '.') }}|{{ 'a'.center(4) }}|{{ 'ab'.center(5) }}|{{ 'prefix-x'.removeprefix('prefix-') }}|{{ 'x.txt'.removesuffix('.txt') }}|{{ '{} and {x} {0}'.format(1, x=2) if false else '{} {x} {{}}'.format(1, x=2) }}
{{ '12'.isdigit() }} {{ '1a'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' \t'.isspace() }} {{ ''.isspace() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ 'é'.isascii() }} {{ 'a😀b'.find('b') }} {{ 'Straße'.casefold() if false else '' }}
{{ [1, 2, 2].count(2) }} {{ ['a', 'b'].index('b') }} {{ (1, 2).count(1) }}
{{ range(5) | list }} {{ range(2, 5) | list }} {{ range(5, 0, -2) | list }} {{ range(0) | list }} {{ range(3)[1] }} {{ range(10)[2:4] | list }} {{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {% set j = joiner(', ') %}{{ j() }}a{{ j() }}b {% set c = cycler('x', 'y') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}
{{ range(100001) | list | length }}
{{ items.append(4) }}
{{ d.update({'z': 1}) }}
{% macro m(a, b=2, *c) %}{% endmacro %}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=1, a=2) }}{{ m() }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c=2) }}
{% macro fact(n) %}{{ n if n < 2 else n * (fact(n - 1) | int) }}{% endmacro %}{{ fact(10) }}
{% macro outer() %}{{ later }}{% endmacro %}{% set later = 'L' %}{{ outer() }}
{% macro m() %}{% set leaked = 1 %}{{ leaked }}{% endmacro %}{{ m() }}{{ leaked }}
{% macro list_items(xs) %}{% for x in xs %}<{{ caller(x, loop.last) }}>{% endfor %}{% endmacro %}{% call(x, last) list_items(items) %}{{ x }}{{ '!' if last }}{% endcall %}
{{ unknown_function() }}
{{ 'x'() }}
{{ 'x' | nofilter }}
{{ 'x' is notest }}
{% if false %}{{ 'x' | nofilter }}{% endif %}ok{{ 'y' if true else 'x' | nofilter }}
{% unknown %}
{% if %}{% endif %}
{% if true %}
{{ }}
{{ 1 + }}
{{ (1 }}
{{ [1, 2 }}
{{ 'unclosed }}
{% for x in items %}
{{ a b }}
{# unclosed
{% raw %} unclosed
{{ $ }}
{% set 1 = 2 %}
{% set true = 2 %}
{% break %}
{{ ''.__class__ }}
{{ d.__class__ }}
{{ loop }}|{{ loop is defined }}
{{ 1, 'a' }}
{{ {'a': 1}.b | default('x') }}{{ 'x' if d.a is defined and d.a else 'y' }}{{ d.a is none }}{{ (d.a | string) is string }}
{{ -1 | abs }} {{ - 1 }} {{ +1 }} {{ --1 }} {{ -(1 + 2) }} {{ 3 - -2 }} {{ not not 1 }}
{{ 'a' ~ 'b' | upper }} {{ ('a' ~ 'b') | upper }} {{ 1 + 2 | string | length }} {{ 'x' in 'xy' and 'y' in 'xy' }} {{ 1 == 1 and 2 == 2 or false }} {{ not 1 == 2 }} {{ 1 ~ (2 + 3) }} {{ 2 * 3 ~ 4 }}
{{ big }} {{ big | tojson }} {{ whole }} {{ whole | tojson }} {{ tiny }} {{ [whole, tiny] }}
{%- if true -%}   a   {%- endif -%}   b   {%+ if true %}   c   {% endif +%}
{{ true }} {{ True }} {{ none }} {{ None }} {{ [true, none] }} {{ {'a': none} }}
{{ "a" "b" }}{{ 'x'|upper|lower|upper }}{{ ('x')|upper }}{{ [1,2,3][1] }}{{ {'a':{'b':'c'}}.a.b }}{{ 'abc'[1]|upper }}{{ d['c']['e'][0] }}{{ d.c.e.0.f }}
{{ ['x', 'y'] | join(d.a | string) }}{{ items | map('string') | map('length') | sum }}{{ (items | length) > 2 }}{{ items|length > 2 }}
""".strip("\n")

# The same, where lines matter.
LAYOUTS = [
    "  {% if true %}\n  kept\n    {% endif %}\n  {{ 'indented' }}\n", "{% if true +%}\nnewline kept\n{% endif %}\nend\n\n",
    "a\r\nb\rc\n", "\n\n  {{- 'x' }}\n\n", "{% set x = 1 %}\n\n  {#- c -#}\n  {%+ if x %}\n\ty{% endif %}", "  {# c #}  \n  {# d #}\nz",
    "{{ \"line\\\njoined\" }}{{ 'two\nlines' }}", "x  {%- raw %}  {{ a }}  {% endraw -%}  y", "  {% raw +%}\n a\n  {%- endraw %}\nb", "{{ '\n' }}\n{{- '\n' -}}\n",
    "{% for i in items -%}\n  {{ i }}\n{%- endfor %}\n", "{% for i in items %}\n  {{ i }}\n{% endfor %}\n!", "{%- for i in items %}\n{{ i }}\n{%- endfor +%}\n!",
    "1\n2\n{{ missing.x }}", "{{\n  items\n  | length\n}}", "\u00a0 {%- if true %} \u2003{% endif %}\u3000{{- 1 }}", "{{ 1 }}{{- 2 }}{{+ 3 }} {{ 4 -}} {{ 5 }}",
]

VARIABLES = {
    "items": [1, 2, 3], "text": "hello", "astral": "a👍𝒜z", "d": {"a": 1, "b": "two", "c": {"e": [{"f": 1}, {"f": "g"}]}},
    "tree": [{"n": 1, "kids": [{"n": 2, "kids": []}, {"n": 3, "kids": [{"n": 4, "kids": []}]}]}, {"n": 5, "kids": []}],
    "users": [{"name": "al", "age": 40, "admin": True, "tags": ["x"]}, {"name": "bo", "age": 30, "admin": False, "tags": ["y"]}, {"name": "cy", "age": 40, "admin": False, "tags": []}],
    "value": {"s": "a\"b", "n": [1, 2.0, -0.5, 1e-7, None, True, False], "o": {"é": {}}}, "big": 123456789012345678901234567890, "whole": 3.0, "tiny": 1e-07,
}


def record(template, variables):
    try:
        return ENVIRONMENT.from_string(template).render(**variables)
    except TemplateError as error:
        # Only a template's own words are to be repeated; for other errors it is enough that there is one.
        return {"error": str(error) if type(error) is TemplateError else ""}
    except (TypeError, ZeroDivisionError, OverflowError, ValueError, AttributeError, KeyError, SyntaxError):
        return {"error": ""}


def main():
    templates = dict(TEMPLATES)
    cases = []
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": "number"}}}}}]
    for name in TEMPLATES:
        for messages in MESSAGES:
            for kwargs in ({"add_generation_prompt": True, "tools": None}, {"add_generation_prompt": False, "tools": tools}):
                variables = {"messages": messages, "bos_token": "<s>", "eos_token": "</s>", "documents": None, **kwargs}
                cases.append({"template": name, "messages": messages, "kwargs": kwargs, "expected": record(TEMPLATES[name], variables)})
    for number, template in enumerate(SNIPPETS.split("\n") + LAYOUTS):
        name = f"snippet {number}"
        templates[name] = template
        variables = {"messages": [], "bos_token": "<s>", "eos_token": "</s>", "tools": None, "documents": None, "add_generation_prompt": False, **VARIABLES}
        cases.append({"template": name, "messages": [], "kwargs": {"add_generation_prompt": False}, "expected": record(template, variables)})
    head = {"source": "jinja2 3.1.6, the environment of transformers", "bos_token": "<s>", "eos_token": "</s>", "variables": VARIABLES}
    text = json.dumps(head, ensure_ascii=True)[:-1]
    out = sys.stdout
    out.write(text + ',\n"templates":{\n' + ",\n".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in templates.items()))
    out.write('},\n"cases":[\n' + ",\n".join(json.dumps(case) for case in cases) + "]}\n")


if __name__ == "__main__":
    main()
