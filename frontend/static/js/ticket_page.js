// What this phone still holds of a ticket: verbs that wait or were refused, and what may be done meanwhile.
import { withDatabase } from './db.js';
import { allRows, mine, onNews } from './outbox.js';
import { clockTime, copyOf, fill, t } from './texts.js';
import { currentUser } from './user.js';

const ONCE = new Set(['start', 'make_safe', 'mend', 'wait', 'hand_over', 'request_extension']);
const LAST = new Set(['mend', 'hand_over']); // after these it is somebody else's turn

function stateWords(row) {
  if (!mine(row, currentUser()) || row.state === 'held') return t('state_held');
  if (row.state === 'attention') return [t('state_attention'), row.detail || t(`why_${row.error}`)].join(' ');
  if (row.state === 'parked') return t('state_parked');
  return row.receipt ? t('state_photos', { n: row.missing.length }) : t('state_waiting');
}

class TicketPage {
  constructor(root) {
    Object.assign(this, { root, id: root.dataset.ticketPage, known: new Set() });
    this.part = root.querySelector('[data-ticket-unsent]');
  }

  async start() {
    this.openers();
    onNews((news) => this.heard(news));
    await this.show();
    this.reveal();
    addEventListener('hashchange', () => this.reveal());
  }

  /** The big button below opens its form in place; without scripts it leads to the form's own page. */
  openers() {
    for (const link of document.querySelectorAll('[data-open]')) {
      link.addEventListener('click', (event) => {
        event.preventDefault();
        this.open(link.dataset.open);
      });
    }
  }

  open(id) {
    const part = document.getElementById(id);
    if (!part || part.closest('[hidden]')) return;
    part.open = true;
    part.scrollIntoView({ block: 'start' });
    part.querySelector('textarea,input:not([type=hidden],[type=file]),select,button')?.focus({ preventScroll: true });
  }

  reveal() {
    if (location.hash.startsWith('#act-')) this.open(location.hash.slice(1));
  }

  async heard(news) {
    const ours = this.known.has(news.settled);
    await this.show();
    const atWork = this.root.querySelector('details[open]') || 'dirty' in document.documentElement.dataset;
    if (ours && !atWork) location.reload(); // never under the hands of somebody who is about to write
  }

  async show() {
    const all = await allRows().catch(() => []);
    const rows = all.filter((row) => row.kind === 'verb' && row.finding === this.id).sort((a, b) => a.created - b.created);
    for (const row of rows) this.known.add(row.id);
    const waiting = new Set(rows.filter((row) => row.state !== 'attention').map((row) => row.verb));
    this.say(rows, await this.sent());
    this.offer(waiting);
  }

  /** What went off after this page was kept: it is shown while the page itself is old. */
  async sent() {
    const told = new Set(this.root.dataset.told.split(' ')); // what the page knows, whatever clocks say
    const receipts = await withDatabase((db) => db.getAll('receipts')).catch(() => []);
    return receipts.filter((one) => one.finding === this.id && !told.has(one.id));
  }

  say(rows, sent) {
    if (!this.part) return;
    const parts = [...sent, ...rows].map((row) => {
      const part = copyOf('data-ticket-row');
      const gone = sent.includes(row);
      const state = gone ? part.dataset.sent : stateWords(row);
      fill(part, { title: row.title, time: clockTime(row.created), state });
      part.classList.add(gone ? 'ok' : row.state === 'attention' ? 'bad' : 'warn');
      return part;
    });
    this.part.querySelector('[data-ticket-rows]').replaceChildren(...parts);
    this.part.querySelector('[data-ticket-waits]').hidden = !rows.length;
    this.part.hidden = !parts.length;
    this.part.dataset.n = rows.length;
  }

  /** A verb that waits on this phone is not offered twice; what it opens the way for is. */
  offer(waiting) {
    const over = [...LAST].some((verb) => waiting.has(verb));
    const free = (verb, after) => !waiting.has(verb) && !(over && ONCE.has(verb)) && (!after || waiting.has(after));
    for (const part of this.root.querySelectorAll('[data-act]')) {
      part.hidden = !(ONCE.has(part.dataset.act) ? free(part.dataset.act, part.dataset.after) : true);
    }
    let found = false;
    for (const button of document.querySelectorAll('[data-act-bar]')) {
      button.hidden = found || !free(button.dataset.actBar, button.dataset.after);
      found ||= !button.hidden;
    }
  }
}

export function attach(root) {
  return new TicketPage(root).start();
}
