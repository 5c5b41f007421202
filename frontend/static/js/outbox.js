// What the phone has promised to send. A row leaves only when the server's receipt for exactly this id is in hand.
import { markKept, withDatabase, write } from './db.js';
import { uuid7 } from './uuid7.js';

const WEEK = 7 * 24 * 3600 * 1000;
const STALE_HOLD = 30 * 60 * 1000;
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('xunan-outbox') : null;
const listeners = new Set();

/** Tells this page and every other tab (and the worker) that something changed. */
export function announce(news = {}) {
  channel?.postMessage(news);
  for (const listener of listeners) listener(news);
}

export function onNews(listener) {
  if (channel && listeners.size === 0) {
    channel.onmessage = (event) => listeners.forEach((each) => each(event.data));
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function nextSequence(meta) {
  const device = (await meta.get('device'))?.value ?? uuid7();
  const seq = ((await meta.get('seq'))?.value ?? 0) + 1;
  await meta.put({ key: 'device', value: device });
  await meta.put({ key: 'seq', value: seq });
  return { device, device_seq: seq };
}

function addOnce(record, photos) {
  return write(['outbox', 'photos', 'drafts', 'meta'], async (store) => {
    if (await store('outbox').get(record.id)) return false;
    const body = JSON.stringify({ ...record.body, ...(await nextSequence(store('meta'))) });
    for (const photo of photos) await store('photos').put({ ...photo, record: record.id });
    const { draft, ...row } = record;
    await store('outbox').add({ ...row, body, state: 'waiting', created: Date.now(), tries: 0, next: 0, error: '' });
    if (draft) await store('drafts').delete(draft);
    return true;
  });
}

/**
 * Keeps a record in one durable transaction with its photos, and freezes its body as the text that will be sent.
 * record: {id, kind, user, title, url, body, draft?}; photos: [{sha256, type, bytes}]. False if it was kept before.
 */
export async function keep(record, photos) {
  let added;
  try {
    added = await addOnce(record, photos);
  } catch (error) {
    // Photos of visits the server already has are the first to make room.
    if (error?.name !== 'QuotaExceededError' || !(await prune(0))) throw error;
    added = await addOnce(record, photos);
  }
  markKept();
  announce({ kept: record.id });
  return added;
}

export function allRows() {
  return withDatabase((db) => db.getAll('outbox'));
}

export function row(id) {
  return withDatabase((db) => db.get('outbox', id));
}

export function receipt(id) {
  return withDatabase((db) => db.get('receipts', id));
}

export function photosOf(record) {
  return withDatabase((db) => db.getAllFromIndex('photos', 'record', record));
}

/** Changes a row that is still there; never brings back one that was settled in another tab. */
export function change(id, changes) {
  return write(['outbox'], async (store) => {
    const found = await store('outbox').get(id);
    if (found) await store('outbox').put({ ...found, ...changes });
    return found ? { ...found, ...changes } : null;
  });
}

/** The server has all of it: the row becomes a receipt, kept a week together with what was sent. */
export async function settle(settled, answer) {
  await write(['outbox', 'receipts'], async (store) => {
    const { body, user, title, url, kind, created } = settled;
    await store('receipts').put({ ...answer, id: settled.id, body, user, title, url, kind, created, at: Date.now() });
    await store('outbox').delete(settled.id);
  });
  announce({ settled: settled.id });
}

/** Takes a row away for good: only ever by the person's own confirmed wish. */
export async function discard(id) {
  await write(['outbox', 'photos'], async (store) => {
    await store('outbox').delete(id);
    for (const key of await store('photos').index('record').getAllKeys(id)) await store('photos').delete(key);
  });
  announce({ discarded: id });
}

/** Drops receipts older than `keepFor` with their photos; returns how many. */
export function prune(keepFor = WEEK) {
  return write(['receipts', 'photos'], async (store) => {
    const old = (await store('receipts').getAll()).filter((each) => Date.now() - each.at >= keepFor);
    for (const each of old) {
      for (const key of await store('photos').index('record').getAllKeys(each.id)) await store('photos').delete(key);
      if (keepFor > 0) await store('receipts').delete(each.id);
    }
    return old.length;
  });
}

/** May this row be sent while this user is signed in? Rows of somebody else wait for that person. */
export const mine = (each, user) => !each.user || each.user === user;

/** A row is due when its back-off is over, or when the clock was plainly turned back. */
export const due = (each, now = Date.now()) => each.next <= now || each.next - now > STALE_HOLD;
