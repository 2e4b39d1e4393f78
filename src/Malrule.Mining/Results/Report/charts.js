// Three plots as SVG, each with its numbers as a table below.

const charts = (() => {
  const NS = 'http://www.w3.org/2000/svg';
  const W = 360, H = 200;

  function svg(tag, attributes, ...children) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const text = (x, y, content, extra) => svg('text', { x, y, ...extra }, content);
  const percent = share => `${Math.round(100 * share)} %`;

  function figure(title, note, drawing, head, rows) {
    return make('figure', {},
      make('figcaption', {}, make('h2', {}, title), make('p', {}, note)),
      svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `${title}. The numbers stand in the table below.` }, ...drawing),
      make('details', {}, make('summary', {}, 'Numbers'),
        make('table', {},
          make('thead', {}, make('tr', {}, ...head.map(name => make('th', { scope: 'col' }, name)))),
          make('tbody', {}, ...rows.map(row => make('tr', {}, ...row.map((cell, i) => make(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell))))))));
  }

  function bars(metrics) {
    const groups = [['all', metrics.all], ['seen', metrics.seen], ['unseen', metrics.unseen]].filter(([, group]) => group.distractors > 0);
    const measures = [['MAP@25', 'map@25'], ['recall@25', 'recall@25']];
    const left = 84, right = W - 48, x = value => left + value * (right - left);
    const drawing = [0, 0.5, 1].flatMap(tick => [
      svg('line', { x1: x(tick), x2: x(tick), y1: 14, y2: H - 24, class: 'grid' }), text(x(tick), H - 8, tick, { class: 'tick', 'text-anchor': 'middle' })]);
    const rows = [];
    let y = 18;
    for (const [label, key] of measures) {
      drawing.push(text(0, y + 9, label, { class: 'strong' }));
      y += 14;
      for (const [name, group] of groups) {
        const value = group.metrics[key];
        if (!value) continue;
        drawing.push(text(left - 8, y + 11, name, { class: 'tick', 'text-anchor': 'end' }),
          svg('rect', { x: left, y, width: Math.max(1, x(value.value) - left), height: 15, rx: 2, class: `bar ${name}` }),
          svg('path', { d: `M${x(value.low)} ${y + 7.5}H${x(value.high)}M${x(value.low)} ${y + 4}v7M${x(value.high)} ${y + 4}v7`, class: 'whisker' }),
          text(W, y + 11, value.value.toFixed(3), { class: 'value', 'text-anchor': 'end' }));
        rows.push([`${label}, ${name}`, value.value.toFixed(4), `${value.low.toFixed(3)} – ${value.high.toFixed(3)}`, String(group.distractors)]);
        y += 19;
      }
      y += 6;
    }
    return figure('Seen and unseen misconceptions', 'Seen: the label also stands on another labelled question. Whiskers: 95 %, by resampling questions.',
      drawing, ['Measure', 'Value', '95 % interval', 'Distractors'], rows);
  }

  function ranks(items, depth) {
    const bins = [[1, 1], [2, 2], [3, 3], [4, 5], [6, 10], [11, 25], [26, depth]].filter(([from, to]) => from <= to && from <= depth);
    const name = ([from, to]) => from === to ? `${from}` : `${from}–${to}`;
    const labelled = items.filter(item => item.gold != null);
    const count = (keep, seen) => labelled.filter(item => item.seen === seen && keep(item.rank)).length;
    const columns = [...bins.map(bin => [name(bin), rank => rank >= bin[0] && rank <= bin[1]]), ['none', rank => rank === 0]]
      .map(([label, keep]) => ({ label, seen: count(keep, true), unseen: count(keep, false) }));
    const top = 16, bottom = H - 34, most = Math.max(1, ...columns.map(column => column.seen + column.unseen));
    const step = W / columns.length, height = value => (bottom - top) * value / most;
    const drawing = [svg('line', { x1: 0, x2: W, y1: bottom, y2: bottom, class: 'axis' })];
    columns.forEach((column, i) => {
      const x = i * step + 4, width = step - 8, seen = height(column.seen), unseen = height(column.unseen);
      drawing.push(svg('rect', { x, y: bottom - seen, width, height: seen, class: 'bar seen' }),
        svg('rect', { x, y: bottom - seen - unseen, width, height: unseen, class: 'bar unseen' }),
        text(x + width / 2, bottom - seen - unseen - 4, column.seen + column.unseen, { class: 'value', 'text-anchor': 'middle' }),
        text(x + width / 2, bottom + 14, column.label, { class: 'tick', 'text-anchor': 'middle' }));
    });
    drawing.push(svg('rect', { x: 0, y: H - 11, width: 10, height: 10, class: 'bar seen' }), text(15, H - 2, 'seen', { class: 'tick' }),
      svg('rect', { x: 60, y: H - 11, width: 10, height: 10, class: 'bar unseen' }), text(75, H - 2, 'unseen', { class: 'tick' }));
    return figure('Rank of the right misconception', `Distractors at each rank; none: not among the first ${depth}.`,
      drawing, ['Rank', 'Seen', 'Unseen'], columns.map(column => [column.label, String(column.seen), String(column.unseen)]));
  }

  function risk(points) {
    const left = 34, right = W - 6, top = 12, bottom = H - 36;
    const x = share => left + share * (right - left), y = value => bottom - value * (bottom - top);
    const line = key => points.map((point, i) => `${i ? 'L' : 'M'}${x(point.coverage).toFixed(1)} ${y(point[key]).toFixed(1)}`).join('');
    const drawing = [0, 0.25, 0.5, 0.75, 1].flatMap(tick => [
      svg('line', { x1: left, x2: right, y1: y(tick), y2: y(tick), class: 'grid' }), text(left - 6, y(tick) + 4, tick, { class: 'tick', 'text-anchor': 'end' }),
      text(x(tick), bottom + 14, percent(tick), { class: 'tick', 'text-anchor': tick === 1 ? 'end' : tick === 0 ? 'start' : 'middle' })]);
    drawing.push(svg('path', { d: line('map25'), class: 'line first' }), svg('path', { d: line('accuracy'), class: 'line second' }),
      svg('path', { d: `M0 ${H - 6}h16`, class: 'line first' }), text(21, H - 2, 'MAP@25', { class: 'tick' }),
      svg('path', { d: `M84 ${H - 6}h16`, class: 'line second' }), text(105, H - 2, 'first one right', { class: 'tick' }),
      text(W, H - 2, 'share answered', { class: 'tick', 'text-anchor': 'end' }));
    return figure('Answering only when sure', 'Surest first: those whose first score stands farthest above the second.',
      drawing, ['Answered', 'First one right', 'MAP@25'], points.map(point => [percent(point.coverage), point.accuracy.toFixed(3), point.map25.toFixed(3)]));
  }

  return { bars, ranks, risk };
})();
