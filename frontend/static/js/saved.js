// After saving: waits a moment for the receipt, else says calmly that the visit is safe on this phone.
import { drain } from './drain.js';
import { onNews, receipt, row } from './outbox.js';
import { clockTime, copyOf, fill, t } from './texts.js';

function settled(id, patience) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patience);
    const stop = onNews((news) => {
      if (news.settled !== id && news.postponed !== id) return;
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}

/** Sends now and waits at most this long; true when the server has the visit. */
export async function arrived(id, user, patience) {
  if (navigator.onLine === false) return false;
  const stop = new AbortController();
  const over = settled(id, patience);
  drain({ user, force: true, first: id, wait: true, signal: stop.signal }).catch(() => null);
  await over;
  stop.abort(); // gives up a place in the queue; a sending under way goes on
  return Boolean((await receipt(id)) ?? (await row(id))?.receipt);
}

async function slots(id) {
  const got = await receipt(id);
  const kept = got ?? await row(id);
  if (!kept) return null;
  const answer = got ?? kept.receipt;
  let state = t('saved_waiting');
  if (answer) state = t('saved_received', { n: answer.seq });
  else if (kept.state === 'parked') state = t('state_parked');
  else if (kept.state === 'attention') state = t('state_attention');
  return { answer, title: kept.title, time: clockTime(kept.created), state };
}

async function render(part, id) {
  const known = await slots(id);
  part.toggleAttribute('data-unknown', !known);
  fill(part, known ?? { title: t('saved_unknown'), time: '', state: '' });
  part.dataset.state = known?.answer ? 'received' : 'waiting';
  for (const link of part.querySelectorAll('[data-saved-link]')) {
    link.href = `/visits/${id}`;
    link.hidden = !known?.answer;
  }
}

async function live(main, id) {
  const part = copyOf('data-saved-view');
  if (!part) return;
  await render(part, id);
  main.replaceChildren(part);
  const { round } = await row(id) ?? {};
  if (round) import('./round_next.js').then((next) => next.offerNext(part, round)).catch(() => {});
  const heading = part.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus();
  scrollTo(0, 0);
  onNews(() => render(part, id));
}

/** Replaces the page's main part in place; the address becomes /saved#id where the server offers that page. */
export async function showSaved(id, url) {
  if (url) history.replaceState(null, '', `${url}#${id}`);
  await live(document.querySelector('main') ?? document.body, id);
}

/** The page /saved#id opened again, with or without a network. */
export function attach(main) {
  const id = location.hash.slice(1);
  return /^[0-9a-f-]{36}$/.test(id) ? live(main, id) : null;
}
