// Everything unsent on this phone, one row each, in words; what the server refused can be sent again, kept as a file
// or, by the person's own wish, thrown away.
import { ask } from './confirm.js';
import { drain } from './drain.js';
import { allRows, change, discard, mine, onNews, photosOf } from './outbox.js';
import { ago, clockTime, copyOf, fill, t } from './texts.js';
import { currentUser, userKnown } from './user.js';

function stateWords(row, user) {
  if (!mine(row, user) || row.state === 'held') return t('state_held');
  if (row.state === 'attention') return [t('state_attention'), row.detail || t(`why_${row.error}`)].join(' ');
  if (row.state === 'parked') return t('state_parked');
  return row.receipt ? t('state_photos', { n: row.missing.length }) : t('state_waiting');
}

function base64(bytes) {
  const parts = [];
  const view = new Uint8Array(bytes);
  for (let i = 0; i < view.length; i += 0x8000) parts.push(String.fromCharCode(...view.subarray(i, i + 0x8000)));
  return btoa(parts.join(''));
}

/** The record and its photos as one file that a person can hand on. */
async function save(row) {
  const photos = (await photosOf(row.id)).map(({ sha256, type, bytes }) => ({ sha256, type, base64: base64(bytes) }));
  const { id, kind, url, user, title, body, created, error, detail } = row;
  const content = { id, kind, url, user, title, created: new Date(created).toISOString(), error, detail, body, photos };
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: 'application/json' }));
  link.download = `xunan-${id}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function again(row, user) {
  await change(row.id, { state: 'waiting', next: 0, error: '', detail: '' });
  await drain({ user, force: true, wait: true });
}

async function throwAway(row) {
  if (await ask(t('discard_sure', { title: row.title }))) await discard(row.id);
}

function rowPart(row, user) {
  const part = copyOf('data-outbox-row');
  fill(part, {
    title: row.title, time: clockTime(row.created), age: ago(Date.now() - row.created), state: stateWords(row, user),
  });
  part.dataset.state = row.state;
  part.dataset.id = row.id;
  const button = (name, shown, work) => {
    const found = part.querySelector(`[data-row-${name}]`);
    if (!found) return;
    found.hidden = !shown;
    found.addEventListener('click', work);
  };
  const own = mine(row, user);
  button('again', own, () => again(row, user));
  button('save', own, () => save(row));
  button('discard', own && row.state === 'attention', () => throwAway(row));
  return part;
}

export async function attach(list) {
  await userKnown(); // as it is served, this file has a user.js of its own
  const empty = document.querySelector('[data-outbox-empty]');
  let turn = 0;
  const show = async () => {
    turn += 1;
    const mineNow = turn;
    const rows = (await allRows().catch(() => [])).sort((a, b) => a.created - b.created);
    if (mineNow !== turn) return;
    list.replaceChildren(...rows.map((row) => rowPart(row, currentUser())));
    list.dataset.n = rows.length;
    if (empty) empty.hidden = rows.length > 0;
  };
  onNews(show);
  await show();
}
