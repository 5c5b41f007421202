// The slider through time: what was known of each point at a moment, from the moments that came with the page.
// The same rule as backend/coverage/rules_plan.py (known_then); only classes, symbols and words change.

const RANK = { m: 9, u: 8, d: 7, L: 6, l: 5, x: 4, K: 3, k: 2, o: 0 };
const SEEN = new Set(['k', 'K', 'l', 'L']);
const number = (text) => (text === '' ? Infinity : Number(text));

/** "k480,495,;m..." as stops: letter, minutes at which it opened, was told, was called missed. */
function stopsOf(packed) {
  return packed.split(';').filter(Boolean).map((stop) => {
    const [open, told, missed] = stop.slice(1).split(',');
    return { letter: stop[0], open: number(open), told: number(told), missed: number(missed) };
  });
}

function markOf(stop, at) {
  if (at < stop.open) return 'o';
  if (stop.told <= at && stop.letter !== 'd' && stop.letter !== 'm') return stop.letter;
  return stop.missed <= at ? 'm' : 'd';
}

const worst = (marks) => marks.reduce((found, mark) => (RANK[mark] > RANK[found] ? mark : found), 'o');
const lastOver = (marks) => marks.reduce((found, mark) => ((mark !== 'd' && mark !== 'o') || found === 'o' ? mark : found), 'o');

function quarter(seen, due) {
  if (!due) return '';
  return seen >= due ? 4 : seen ? Math.min(3, Math.max(1, Math.round((4 * seen) / due))) : 0;
}

class PlanTime {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector('input[type=range]');
    this.said = form.querySelector('[data-said]');
    this.names = form.dataset.names.split('|');
    this.marks = Object.fromEntries(form.dataset.marks.split('|').filter(Boolean).map((pair) => pair.split('=')));
    this.points = [...document.querySelectorAll('[data-m]')].map((link) => this.point(link));
    this.rows = new Map([...document.querySelectorAll('.points-list a')].map((row) => [row.getAttribute('href'), row]));
    this.counts = new Map([...document.querySelectorAll('[data-count]')].map((part) => [part.dataset.count, part]));
  }

  point(link) {
    const ring = link.querySelector('use[href^="#q"]');
    const mark = [...link.querySelectorAll('use')].find((use) => use.getAttribute('href').length === 2 && this.marks[use.getAttribute('href')[1]]);
    return { link, ring, mark, stops: stopsOf(link.dataset.m), first: number(link.dataset.f), title: link.querySelector('title') };
  }

  start() {
    this.input.addEventListener('input', () => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.show(Number(this.input.value));
      });
    });
    this.form.querySelector('button').hidden = true;
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  words(at) {
    const time = `${String(Math.floor((at % 1440) / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`;
    if (this.form.dataset.day && at < 1440) return time;
    return `${this.names[Math.min(Math.floor(at / 1440), this.names.length - 1)]} ${time}`;
  }

  show(at) {
    this.said.textContent = this.words(at);
    this.input.setAttribute('aria-valuetext', this.said.textContent);
    const counts = {};
    for (const point of this.points) {
      const marks = point.stops.map((stop) => markOf(stop, at));
      let mark = this.form.dataset.day ? worst(marks) : lastOver(marks);
      if (point.first > at && (mark === 'm' || mark === 'o')) mark = 'n';
      counts[mark] = (counts[mark] ?? 0) + 1;
      const due = marks.filter((one) => one !== 'o').length;
      this.draw(point, mark, marks.filter((one) => SEEN.has(one)).length, due);
    }
    for (const [word, part] of this.counts) {
      if (word in this.marks) part.querySelector('b').textContent = counts[word] ?? 0;
    }
  }

  draw(point, mark, seen, due) {
    const share = due ? `${seen}/${due}` : '';
    if (point.now === mark + share) return;
    point.now = mark + share;
    if (point.title) {
      point.link.classList.remove(...Object.keys(this.marks));
      point.link.classList.add(mark);
      point.mark.setAttribute('href', `#${mark}`);
      point.ring?.setAttribute('href', `#q${quarter(seen, due)}`);
      const rest = point.title.textContent.split(' · ').slice(1);
      point.title.textContent = [[this.marks[mark], share].filter(Boolean).join(' '), ...rest].join(' · ');
    }
    this.row(this.rows.get(point.link.getAttribute('href')), mark, share);
  }

  row(row, mark, share) {
    if (!row) return;
    const drawn = row.querySelector('svg.mark');
    drawn.setAttribute('class', `mark ${mark}`);
    drawn.querySelector('use').setAttribute('href', `#${mark}`);
    row.querySelector('[data-mark-name]').textContent = this.marks[mark];
    const told = row.querySelector('[data-share]');
    if (told) told.textContent = share;
  }
}

export function attach(form) {
  new PlanTime(form).start();
}
