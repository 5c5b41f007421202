// The round as this phone knows it: what was saved here counts at once, and the next stop follows from it.
import { onNews } from './outbox.js';
import { doneHere, nextLine, roundOf, split } from './round_here.js';
import { RoundForm } from './round_form.js';
import { fill } from './texts.js';

const words = (line, name) => line.querySelector(`[data-${name}]`)?.textContent ?? '';

class RoundPage {
  constructor(root) {
    Object.assign(this, { root, round: roundOf(root), known: new Set() });
    this.part = (name) => root.querySelector(`[data-round-${name}]`);
    this.order = [...root.querySelectorAll('[data-stop]')];
  }

  async start() {
    onNews((news) => this.heard(news));
    for (const link of this.root.querySelectorAll('[data-open-part]')) {
      link.addEventListener('click', () => this.open(link.dataset.openPart));
    }
    this.root.querySelectorAll('form[data-round-verb]').forEach((form) => new RoundForm(form).start());
    addEventListener('hashchange', () => this.reveal());
    addEventListener('pageshow', (event) => { if (event.persisted) this.show(); });
    await this.show();
    this.reveal();
  }

  open(id) {
    const part = document.getElementById(id);
    if (part) part.open = true;
  }

  /** #cannot-STOP, from the page of a point: that stop is chosen. */
  reveal() {
    const [, stop] = location.hash.match(/^#cannot-([0-9a-f-]{36})$/) ?? [];
    if (!stop) return;
    this.open('cannot');
    const choice = this.root.querySelector('#cannot select');
    if (choice && [...choice.options].some((one) => one.value === stop)) choice.value = stop;
    document.getElementById('cannot')?.scrollIntoView({ block: 'start' });
  }

  async heard(news) {
    const ours = this.known.has(news.settled);
    await this.show();
    if (ours && !this.root.querySelector('details[open]')) location.reload();
  }

  async show() {
    const done = await doneHere(this.round);
    done.waiting.forEach((row) => this.known.add(row.id));
    const [left, here] = split(this.root, done);
    this.root.querySelector('[data-left]')?.append(...this.order.filter((line) => left.includes(line)));
    this.root.querySelector('[data-here]')?.append(...here);
    this.part('here').hidden = !here.length;
    if (this.part('left')) this.part('left').hidden = !left.length;
    this.count(left, here, done);
    this.next(nextLine(this.root, done));
  }

  count(left, here, done) {
    const seen = Number(this.root.dataset.seen) + here.filter((line) => done.points.includes(line.dataset.point)).length;
    const bar = this.part('bar');
    bar.value = seen;
    this.part('count').textContent = `${seen}/${bar.max}`;
    if (this.part('left-n')) this.part('left-n').textContent = left.length;
    this.part('saved').hidden = !done.waiting.length;
    this.part('saved-n').textContent = done.waiting.length;
    for (const option of this.root.querySelectorAll('#cannot option')) {
      option.disabled = here.some((line) => line.dataset.stop === option.value);
    }
  }

  next(line) {
    const card = this.part('next');
    if (!card) return;
    card.hidden = !line;
    const choice = this.root.querySelector('#cannot select');
    if (choice) choice.closest('details').hidden = !line;
    if (!line || card.dataset.shown === line.dataset.stop) return;
    const first = this.order[0] === line && !card.dataset.shown;
    card.dataset.shown = line.dataset.stop;
    if (choice) choice.value = line.dataset.stop;
    if (first) return; // as the server wrote it
    fill(card, { name: words(line, 'name'), where: words(line, 'where'), items: line.dataset.items });
    card.querySelector('.area')?.replaceWith(this.symbol(line));
    card.querySelector('[data-round-asked]')?.remove();
    const link = card.querySelector('[data-round-open]');
    if (link) link.href = line.querySelector('a')?.href ?? link.href;
  }

  symbol(line) {
    const symbol = line.querySelector('.area').cloneNode(true);
    symbol.classList.add('large');
    return symbol;
  }
}

export function attach(root) {
  return new RoundPage(root).start();
}
