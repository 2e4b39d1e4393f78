'use strict';
// Text of questions, names and models as nodes: \( … \) and \[ … \] by KaTeX as MathML, tabular and array as tables, ![alt](…) as a figure's
// placeholder, everything else as plain text. The text is foreign, so nothing of it is ever parsed as HTML. Linear in its length.

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child != null && child !== false));
  return element;
}

const prose = (() => {
  const MATH = { '\\(': '\\)', '\\[': '\\]' };

  function math(tex, display) {
    const holder = make('span', { class: display ? 'math display' : 'math' });
    const blanks = tex.replace(/_{2,}/g, run => `\\underline{\\hspace{${Math.min(run.length, 12) / 3}em}}`);
    try {
      katex.render(blanks, holder, { output: 'mathml', displayMode: display, trust: false, strict: 'ignore', throwOnError: true, maxSize: 20, maxExpand: 500 });
    } catch {
      holder.replaceChildren(make('code', {}, tex.trim())); // what TeX cannot read is shown as it came
    }
    return holder;
  }

  function figure(alt) {
    return make('span', { class: 'figure', role: 'img', 'aria-label': `Figure: ${alt}` }, make('b', {}, 'Figure '), alt || 'without a description');
  }

  // The opening at or after a place, and where its closing stands.
  function next(text, from, dead) {
    const opening = /\\\(|\\\[|!\[|\\begin\{(tabular|array)\}/g;
    opening.lastIndex = from;
    for (let found; (found = opening.exec(text));) {
      const start = found[0];
      if (dead.has(start)) continue;
      const body = opening.lastIndex;
      const closing = MATH[start] || (found[1] ? `\\end{${found[1]}}` : '](');
      let end = text.indexOf(closing, body);
      let after = end + closing.length;
      if (end >= 0 && start === '![') after = text.indexOf(')', after) + 1;
      if (end < 0 || after <= end) { dead.add(start); continue; }
      return { start, at: found.index, body: text.slice(body, end), after };
    }
    return null;
  }

  function nodes(text) {
    const parts = [];
    const dead = new Set(); // openings that nothing closes any more
    let place = 0;
    for (let found; (found = next(text, place, dead)); place = found.after) {
      parts.push(plain(text.slice(place, found.at)));
      if (MATH[found.start]) parts.push(math(found.body, found.start === '\\['));
      else if (found.start === '![') parts.push(figure(found.body.trim()));
      else parts.push(table(found.body));
    }
    parts.push(plain(text.slice(place)));
    return parts;
  }

  const plain = text => text.replace(/\\([$%&#_])/g, '$1').replace(/\n\s*\n\s*/g, '\n\n');

  // Splits at a separator, but not inside \( … \).
  function split(text, separator) {
    const pieces = [''];
    for (let place = 0; place < text.length;) {
      const opening = text.indexOf('\\(', place);
      const closing = opening < 0 ? -1 : text.indexOf('\\)', opening);
      const until = closing < 0 ? text.length : opening;
      const parts = text.slice(place, until).split(separator);
      pieces[pieces.length - 1] += parts[0];
      pieces.push(...parts.slice(1));
      if (closing >= 0) pieces[pieces.length - 1] += text.slice(opening, closing + 2);
      place = closing < 0 ? text.length : closing + 2;
    }
    return pieces;
  }

  function table(body) {
    const lines = split(body.replace(/^\s*(\{(?:[^{}]|\{[^{}]*\})*\})?/, ''), /\\\\|\\hline/).filter(line => line.trim());
    const rows = lines.map(line => split(line, /(?<!\\)&/).map(cell => {
      const wide = /^\s*\\multicolumn\{(\d{1,2})\}\{[^{}]*\}\{([^]*)\}\s*$/.exec(cell);
      return make('td', { colspan: wide && wide[1] }, ...nodes((wide ? wide[2] : cell).trim()));
    }));
    return make('span', { class: 'scroll' }, make('table', { class: 'tabular' }, make('tbody', {}, ...rows.map(cells => make('tr', {}, ...cells)))));
  }

  return text => {
    const fragment = document.createDocumentFragment();
    fragment.append(...nodes(String(text).trim()));
    return fragment;
  };
})();
