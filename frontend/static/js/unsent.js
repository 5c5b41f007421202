// Always visible: how much of this phone's work the server does not have yet, how old it is, why, and "send now".
import { storageWorks } from './db.js';
import { drain } from './drain.js';
import { allRows, change, mine, onNews, prune } from './outbox.js';
import { ago, hasText, t } from './texts.js';
import { currentUser } from './user.js';

const PULSE = 30000;
const REASONS = { network: 'why_network', timeout: 'why_network', not_ours: 'why_not_ours', sign_in: 'why_sign_in' };

/** Counts and words about everything unsent on this phone. */
export async function summary(user) {
  const rows = await allRows();
  const count = (test) => rows.filter(test).length;
  const held = count((row) => !mine(row, user) || row.state === 'held');
  const attention = count((row) => row.state === 'attention');
  const parked = count((row) => mine(row, user) && row.state === 'parked');
  const oldest = Math.min(...rows.map((row) => row.created));
  const state = (attention && 'attention') || (parked && 'parked') || (held === rows.length && 'held') || 'waiting';
  const error = rows.find((row) => row.error && row.state !== 'attention')?.error ?? '';
  return { n: rows.length, held, attention, parked, oldest, state, error };
}

function words({ n, held, attention, oldest, state, error }) {
  const parts = [t('unsent', { n })];
  parts.push(t('unsent_oldest', { age: ago(Date.now() - oldest) }));
  if (attention) parts.push(t('unsent_attention', { n: attention }));
  if (held) parts.push(t('unsent_held', { n: held }));
  if (navigator.onLine === false) parts.push(t('why_offline'));
  else if (error) parts.push(t(REASONS[error] ?? 'why_server'));
  else if (state === 'parked') parts.push(t('why_sign_in'));
  return parts.join(' · ');
}

async function show(bar) {
  const all = await summary(currentUser());
  bar.dataset.n = all.n;
  bar.hidden = all.n === 0;
  if (all.n === 0) return;
  bar.dataset.state = all.state;
  const place = bar.querySelector('[data-unsent-text]');
  const text = hasText('unsent') ? words(all) : (place?.dataset.words ?? '%n').replace('%n', all.n);
  if (place && place.textContent !== text) place.textContent = text;
}

/** A page of a signed-in person: what waited for the sign-in, or for this person, may go again. */
async function unpark(user) {
  for (const row of await allRows()) {
    if (mine(row, user) && (row.state === 'parked' || row.state === 'held')) await change(row.id, { state: 'waiting', next: 0 });
  }
}

async function wakeWorker() {
  const registration = await navigator.serviceWorker?.getRegistration?.();
  await registration?.sync?.register('outbox').catch(() => {});
}

function pulse(force) {
  return drain({ user: currentUser(), force }).catch(() => 'busy');
}

/** Page load, back online, visible again, every half minute: whichever comes first sends. */
function startSending() {
  addEventListener('online', () => pulse(true));
  addEventListener('pageshow', (event) => { if (event.persisted) pulse(false); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) pulse(false); });
  setInterval(() => pulse(false), PULSE * (0.8 + Math.random() * 0.4));
  onNews((news) => { if (news.kept) wakeWorker(); });
}

let sending = null;

/** Starts the sender of this page once; the visible bar is only its face. */
export function keepSending() {
  sending ??= (async () => {
    if (!(await storageWorks())) return;
    startSending();
    await unpark(currentUser());
    pulse(true);
    prune().catch(() => {});
  })();
  return sending;
}

export async function attach(bar) {
  if (!(await storageWorks())) return;
  const refresh = () => show(bar);
  onNews(refresh);
  setInterval(refresh, PULSE);
  bar.querySelector('[data-send-now],[data-unsent-send]')?.addEventListener('click', async () => {
    bar.dataset.state = 'sending';
    await unpark(currentUser());
    await pulse(true);
    await refresh();
  });
  await refresh();
}
