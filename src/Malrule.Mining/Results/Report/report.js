// The page: summary, filters, and cards that are drawn as the reader comes to them.

(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const at = id => document.getElementById(id);
  const LETTERS = 'ABCD', SHOWN = 5, CHUNK = 20, FREQUENT = 12;
  const whole = number => number.toLocaleString('en');
  const question = item => data.questions[item.question];
  const idOf = (place, letter) => `${data.questions[place].id}_${letter}`;
  data.items.forEach(item => { item.id = idOf(item.question, item.letter); });

  // Summary

  function tile(value, label, note) {
    return make('div', { class: 'tile' }, make('strong', {}, value), make('span', {}, label), note && make('small', {}, note));
  }

  function summary() {
    const { metrics, items } = data;
    const title = `${data.method[0].toUpperCase()}${data.method.slice(1)}${data.reranked ? ', reranked,' : ''} on ${data.source}`;
    document.title = `${title} – Malrule`;
    at('title').textContent = title;
    const asked = new Set(items.map(item => item.question)).size;
    const size = tile(whole(items.length), 'distractors', `of ${whole(asked)} questions`);
    if (metrics) {
      const all = metrics.all.metrics;
      const share = key => Math.round(100 * all[key].value);
      const interval = ({ low, high }) => `95 %: ${low.toFixed(3)} – ${high.toFixed(3)}`;
      at('lead').textContent = `The right misconception stands first for ${share('recall@1')} % of the wrong answers and among the first 25 for ${share('recall@25')} %.`;
      if (data.reranking) {
        const { first, difference, rose, fell } = data.reranking;
        const signed = number => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(3)}`;
        at('lead').append(` Reranking changed MAP@25 from ${first.reached.value.toFixed(3)} by ${signed(difference.value)} (95 %: ${signed(difference.low)} to ${signed(difference.high)}): the right one rose for ${whole(rose)} and fell for ${whole(fell)}.`);
      }
      const measures = [['map@25', 'MAP@25'], ['recall@1', 'first one right'], ['recall@25', 'recall@25']].filter(([key]) => all[key]);
      at('tiles').append(...measures.map(([key, label]) => tile(all[key].value.toFixed(3), label, interval(all[key]))));
      if (metrics.mixed) at('tiles').append(tile(metrics.mixed.value.toFixed(3), 'MAP@25 if 60 % were unseen', interval(metrics.mixed)));
      at('tiles').append(size);
      at('charts').append(charts.bars(metrics), charts.ranks(items, data.depth), charts.risk(metrics.riskCoverage));
    } else {
      at('lead').textContent = 'The questions carry no labels, so the ranking is not measured.';
      at('tiles').append(size, tile(whole(new Set(items.filter(item => item.candidates.length > 0).map(item => item.candidates[0])).size), 'misconceptions stand first'));
      at('charts').append(frequent(items));
      document.querySelectorAll('.labelled').forEach(filter => { filter.hidden = true; });
    }
    document.querySelectorAll('.reranked').forEach(filter => { filter.hidden = !data.reranked; });
    at('remarks').append(...data.remarks.map(remark => make('li', {}, remark)));
    at('remarks').hidden = data.remarks.length === 0;
    at('facts').append(...data.facts.flatMap(([label, value]) => [make('dt', {}, label), make('dd', {}, value)]));
  }

  // What a bank without labels is about: the misconceptions that stand first most often, each of which searches for itself.
  function frequent(items) {
    const counts = new Map();
    for (const [id] of items.map(item => item.candidates)) if (id != null) counts.set(id, (counts.get(id) ?? 0) + 1);
    const most = [...counts].sort(([a, many], [b, more]) => more - many || a - b).slice(0, FREQUENT);
    const seek = id => () => {
      at('search').value = data.names[id];
      choose();
      at('distractors').scrollIntoView();
    };
    return make('figure', { class: 'frequent' },
      make('figcaption', {}, make('h2', {}, 'What stands first most often'), make('p', {}, 'How many distractors each misconception stands first for. Choose one to see them.')),
      make('ol', {}, ...most.map(([id, count]) => {
        const button = make('button', { type: 'button' }, make('span', {}, name(id)), make('b', {}, whole(count)));
        button.addEventListener('click', seek(id));
        return make('li', {}, button);
      })));
  }

  // Cards

  function name(id) {
    return prose(data.names[id]);
  }

  const namesNone = item => item.none != null && !(item.none <= item.scores[0]);

  function badges(item) {
    return [...outcomes(item), namesNone(item) && make('span', { class: 'badge unseen' }, 'model: none of these')];
  }

  function outcomes(item) {
    if (item.gold == null) return [];
    const [kind, words] = item.rank === 1 ? ['hit', 'right one first']
      : item.rank > 0 && item.rank <= 25 ? ['near', `right one at ${item.rank}`]
      : ['miss', item.rank > 0 ? `right one at ${item.rank}` : `not among ${data.depth}`];
    return [make('span', { class: `badge ${kind}` }, words), make('span', { class: `badge ${item.seen ? 'seen' : 'unseen'}` }, item.seen ? 'seen' : 'unseen')];
  }

  function options(item) {
    const { options, key } = question(item);
    return make('ul', { class: 'options' }, ...options.map((text, i) => {
      const letter = LETTERS[i];
      const role = letter === key ? 'key' : letter === item.letter ? 'asked' : '';
      return make('li', { class: role }, make('b', {}, letter), make('div', { class: 'prose' }, prose(text)),
        role && make('em', {}, role === 'key' ? 'key' : 'this distractor'));
    }));
  }

  function row(item, place) {
    const right = item.gold === item.candidates[place];
    return make('tr', { class: right && 'right' }, make('td', {}, place + 1),
      make('td', {}, name(item.candidates[place]), right && make('span', { class: 'mark' }, 'label'), moved(item, place)), make('td', {}, String(item.scores[place])));
  }

  function moved(item, place) {
    return item.was?.[place] != null && item.was[place] !== place + 1 && make('span', { class: 'note' }, `was ${item.was[place]}`);
  }

  const headings = () => make('tr', {}, ...['#', 'Misconception', data.reranked ? 'Probability' : 'Score'].map(title => make('th', { scope: 'col' }, title)));

  function candidates(item) {
    const places = item.candidates.map((_, place) => place);
    const body = make('tbody', {}, ...places.slice(0, SHOWN).map(place => row(item, place)));
    const table = make('table', { class: 'candidates' },
      make('caption', {}, 'Likeliest misconceptions'),
      make('thead', {}, headings()), body);
    const below = item.gold != null && (item.rank === 0 || item.rank > SHOWN);
    if (below) {
      body.append(make('tr', { class: 'right apart' }, make('td', {}, item.rank || '–'),
        make('td', {}, name(item.gold), make('span', { class: 'mark' }, 'label'), item.rank > 0 && moved(item, item.rank - 1)), make('td', {}, item.rank > 0 && item.rank <= 25 ? String(item.scores[item.rank - 1]) : '')));
    }
    const parts = [item.candidates.length === 0 && make('p', { class: 'none' }, 'No candidate.'), (item.candidates.length > 0 || below) && table,
      item.none != null && make('p', { class: 'note' }, `None of these: ${item.none.toPrecision(3)}`)];
    if (places.length > SHOWN) {
      parts.push(later(`Candidates ${SHOWN + 1} to ${places.length}`, () => make('table', { class: 'candidates' },
        make('thead', { class: 'hidden' }, headings()),
        make('tbody', {}, ...places.slice(SHOWN).map(place => row(item, place))))));
    }
    if (item.error) parts.push(make('p', { class: 'failed' }, make('b', {}, 'A request failed:'), ` ${item.error}`));
    return parts;
  }

  // A section whose content is drawn when it is first opened.
  function later(title, draw, open) {
    const details = make('details', {}, make('summary', {}, title));
    const fill = () => { if (details.open && details.childElementCount === 1) details.append(draw()); };
    details.addEventListener('toggle', fill);
    details.open = Boolean(open);
    fill();
    return details;
  }

  // The name that a text is nearest to.
  function nearest(item, i) {
    const id = item.near?.[i];
    return id != null && make('p', { class: id === item.gold ? 'near same' : 'near' }, make('span', { class: 'hidden' }, 'nearest name: '), name(id),
      make('span', { class: 'note' }, item.nearScores[i].toFixed(2)));
  }

  function texts(item) {
    if (item.texts.length === 0) return null;
    const samples = item.counts.reduce((sum, count) => sum + count, 0);
    return later(`What the model inferred: ${item.texts.length} different in ${samples} samples`, () => make('table', { class: 'texts' },
      make('thead', { class: 'hidden' }, make('tr', {}, make('th', { scope: 'col' }, 'Samples'), make('th', { scope: 'col' }, 'Text'))),
      make('tbody', {}, ...item.texts.map((text, i) => make('tr', {}, make('td', {}, `${item.counts[i]} ×`), make('td', {}, text ? prose(text) : make('i', {}, 'nothing'), nearest(item, i)))))), true);
  }

  function labelOf(item, id) {
    return make('p', { class: id === item.gold ? 'label same' : 'label' }, name(id), id === item.gold && make('span', { class: 'mark' }, 'same label'));
  }

  // A labelled question and some of its wrong answers, each with its label and perhaps a note.
  function example(item, place, answers) {
    const shown = data.questions[place];
    return make('li', {}, make('p', { class: 'source' }, `Question ${shown.id}`), make('div', { class: 'prose stem' }, prose(shown.stem)),
      ...answers.flatMap(({ letter, note }) => [
        make('div', { class: 'prose wrong' }, make('b', {}, letter), ' ', prose(shown.options[LETTERS.indexOf(letter)]), note && make('span', { class: 'note' }, note)),
        labelOf(item, shown.labels[LETTERS.indexOf(letter)])]));
  }

  function evidence(item) {
    const labelled = shown => [...LETTERS].filter((letter, i) => letter !== shown.key && shown.labels[i] != null).map(letter => ({ letter }));
    const near = Map.groupBy(item.neighbours, neighbour => neighbour.question);
    return [
      item.demonstrations.length > 0 && later(`Shown in the prompt: ${item.demonstrations.length} questions`, () => make('ul', { class: 'evidence' },
        ...item.demonstrations.map(place => example(item, place, labelled(data.questions[place]))))),
      near.size > 0 && later(`Nearest labelled wrong answers: ${item.neighbours.length}`, () => make('ul', { class: 'evidence' },
        ...[...near].map(([place, neighbours]) => example(item, place, neighbours.map(({ letter, similarity }) => ({ letter, note: `similarity ${similarity.toFixed(2)}` })))))),
    ];
  }

  function card(item) {
    const { construct, subject, stem } = question(item);
    return make('article', { class: 'card', id: item.id, tabindex: -1, 'aria-labelledby': `${item.id}-title` },
      make('header', {}, make('h3', { id: `${item.id}-title` }, make('a', { href: `#${item.id}` }, item.id)),
        make('p', { class: 'topic' }, construct, make('span', {}, subject)), make('p', { class: 'badges' }, ...badges(item))),
      make('div', { class: 'sides' },
        make('div', { class: 'question' }, make('div', { class: 'prose stem' }, prose(stem)), options(item)),
        make('div', { class: 'answer' }, ...candidates(item), texts(item), ...evidence(item))));
  }

  // Which cards, and how many of them are drawn

  let chosen = data.items, current = -1;
  let first = 0, drawn = 0; // the drawn ones are those from first to drawn
  const words = new Map();

  function wordsOf(item) {
    if (!words.has(item)) {
      const { construct, subject, stem, options } = question(item);
      const ids = item.gold == null ? item.candidates.slice(0, 1) : [item.gold, ...item.candidates.slice(0, 1)];
      words.set(item, [item.id, construct, subject, stem, ...options, ...ids.map(id => data.names[id]), ...item.texts, item.error ?? ''].join('\n').toLowerCase());
    }
    return words.get(item);
  }

  const OUTCOMES = { '': () => true, first: item => item.rank === 1, hit: item => item.rank > 0 && item.rank <= 25, miss: item => item.gold != null && (item.rank === 0 || item.rank > 25), failed: item => item.error != null };
  const NOVELTIES = { '': () => true, seen: item => item.gold != null && item.seen, unseen: item => item.gold != null && !item.seen };
  const VERDICTS = { '': () => true, none: namesNone, one: item => item.none != null && !namesNone(item) };
  const sureness = item => item.scores.length === 0 ? 0 : item.scores[0] - (item.scores[1] ?? 0);
  const ORDERS = { worst: (a, b) => (b.rank || Infinity) - (a.rank || Infinity) || 0, unsure: (a, b) => sureness(a) - sureness(b) };

  function choose() {
    const sought = at('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = OUTCOMES[at('outcome').value], novelty = NOVELTIES[at('novelty').value], order = ORDERS[at('order').value], verdict = VERDICTS[at('verdict').value];
    chosen = data.items.filter(item => outcome(item) && novelty(item) && verdict(item) && sought.every(word => wordsOf(item).includes(word)));
    if (order) chosen.sort(order);
    at('count').textContent = chosen.length === data.items.length ? `${whole(chosen.length)} distractors` : `${whole(chosen.length)} of ${whole(data.items.length)}`;
    current = -1;
    show(0);
    if (chosen.length === 0) at('cards').append(make('p', { class: 'none' }, 'Nothing matches. Loosen the search or the filters.'));
  }

  function show(from) {
    at('cards').replaceChildren();
    first = drawn = from;
    draw(from + CHUNK);
  }

  function draw(until) {
    const more = chosen.slice(drawn, until);
    at('cards').append(...more.map(card));
    drawn += more.length;
    at('earlier').hidden = first === 0;
    at('earlier').textContent = `Show earlier ones (${whole(first)})`;
  }

  function drawEarlier() {
    const from = Math.max(0, first - CHUNK);
    at('cards').prepend(...chosen.slice(from, first).map(card));
    first = from;
    draw(drawn);
  }

  function go(index) {
    if (index < 0 || index >= chosen.length) return;
    current = index;
    const far = index < first - CHUNK || index >= drawn + CHUNK; // drawing all between would take long
    if (far) show(index);
    else if (index < first) drawEarlier();
    else if (index >= drawn) draw(index + CHUNK);
    const target = at(chosen[index].id);
    target.focus({ preventScroll: true });
    target.scrollIntoView({ behavior: far ? 'instant' : 'auto' });
  }

  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!data.items.some(item => item.id === id)) return;
    if (!chosen.some(item => item.id === id)) { at('filters').reset(); choose(); }
    go(chosen.findIndex(item => item.id === id));
  }

  // Theme and keys

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    return { root, dark };
  }

  function paint() {
    at('theme').textContent = theme().dark ? 'Light' : 'Dark';
  }

  function turn() {
    const { root, dark } = theme();
    root.dataset.theme = dark ? 'light' : 'dark';
    paint();
  }

  function toggleEvidence() {
    const sections = [...(at(chosen[current]?.id ?? chosen[0]?.id)?.querySelectorAll('details') ?? [])];
    const open = !sections.every(section => section.open);
    sections.forEach(section => { section.open = open; });
  }

  const KEYS = {
    j: () => go(current + 1), k: () => go(current - 1), o: toggleEvidence, t: turn,
    '/': () => { at('search').focus(); at('search').select(); }, '?': () => at('help').showModal(),
  };

  document.addEventListener('keydown', event => {
    const typing = event.target.closest('input, select, textarea, dialog');
    if (event.key === 'Escape' && event.target === at('search')) at('search').blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  at('cards').addEventListener('focusin', event => {
    const id = event.target.closest('.card')?.id;
    if (id) current = chosen.findIndex(item => item.id === id);
  });
  at('filters').addEventListener('input', choose);
  at('filters').addEventListener('submit', event => event.preventDefault());
  at('earlier').addEventListener('click', drawEarlier);
  at('theme').addEventListener('click', turn);
  at('help-button').addEventListener('click', () => at('help').showModal());
  addEventListener('hashchange', follow);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);

  summary();
  paint();
  choose();
  new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) draw(drawn + CHUNK); }, { rootMargin: '1500px' }).observe(at('more'));
  follow();
})();
