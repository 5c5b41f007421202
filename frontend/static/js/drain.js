// Sends the outbox: one sender at a time (Web Lock), a receipt is a body that names our id, never a mere status.
import { allRows, announce, change, due, mine, settle } from './outbox.js';
import { withDatabase } from './db.js';

const LOCK = 'xunan-outbox';
const REFUSED = new Set([403, 409, 410, 413, 422]);
const REFUSED_IN_OUR_WORDS = new Set([400, 404, 405, 415]);
let busyHere = false;

function deadline(ms) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ms);
  return { signal: stop.signal, done: () => clearTimeout(timer) };
}

async function problemOf(response) {
  const ours = (response.headers.get('content-type') ?? '').includes('json');
  try {
    return ours ? await response.json() : null;
  } catch {
    return null;
  }
}

async function judge(response, isReceipt) {
  if (response.status === 200 || response.status === 201) {
    const json = await response.json().catch(() => null);
    return json && isReceipt(json) ? { kind: 'receipt', json } : { kind: 'later', error: 'not_ours' };
  }
  if (response.status === 401) return { kind: 'parked', error: 'sign_in' };
  const problem = await problemOf(response);
  if (problem?.code === 'other_user') return { kind: 'held', error: 'other_user' };
  const ours = problem && REFUSED_IN_OUR_WORDS.has(response.status);
  // A captive portal may well answer 403 in HTML: only our own words, or a proxy's 413, are a refusal.
  if (ours || response.status === 413 || (problem && REFUSED.has(response.status))) {
    return { kind: 'attention', error: problem?.code || `http_${response.status}`, detail: problem?.detail ?? '' };
  }
  const after = Number(response.headers.get('retry-after')) || 0;
  return { kind: 'later', error: `http_${response.status}`, after: after * 1000 };
}

async function ask(url, body, headers, ms, isReceipt) {
  const limit = deadline(ms);
  try {
    const response = await fetch(url, {
      method: 'PUT', body, redirect: 'error', credentials: 'same-origin', cache: 'no-store', signal: limit.signal,
      headers: { 'X-Requested-With': 'xunan', 'X-Client-Now': new Date().toISOString(), ...headers },
    });
    return await judge(response, isReceipt);
  } catch (error) {
    return { kind: 'later', error: error?.name === 'AbortError' ? 'timeout' : 'network' };
  } finally {
    limit.done();
  }
}

async function sendPhoto(row, sha256) {
  const photo = await withDatabase((db) => db.get('photos', [row.id, sha256]));
  if (!photo) return { kind: 'attention', error: 'photo_lost' };
  const headers = { 'Content-Type': photo.type, 'X-Xunan-User': row.user };
  return ask(`/api/photos/${sha256}`, photo.bytes, headers, 60000, (json) => json.sha256 === sha256);
}

async function sendBody(row) {
  const headers = { 'Content-Type': 'application/json', 'X-Xunan-User': row.user };
  const about = { verb: 'finding', round: 'round' }[row.kind];
  const isReceipt = about
    ? (json) => json.event === row.id && json[about] === row[about] && typeof json.state === 'string'
    : (json) => json.id === row.id && json.seq !== undefined && typeof json.hash === 'string';
  const answer = await ask(row.url, row.body, headers, 20000, isReceipt);
  if (answer.kind === 'receipt') {
    const missing = Array.isArray(answer.json.missing) ? answer.json.missing : [];
    await change(row.id, { receipt: answer.json, missing, error: '', tries: 0 });
    Object.assign(row, { receipt: answer.json, missing });
    announce({ received: row.id });
  }
  return answer;
}

async function postpone(row, answer) {
  const wait = Math.max(answer.after ?? 0, Math.min(15 * 60000, 5000 * 2 ** row.tries) * (0.5 + Math.random()));
  const state = answer.kind === 'later' ? 'waiting' : answer.kind;
  const changes = { state, error: answer.error, detail: answer.detail ?? '', tries: row.tries + 1, next: Date.now() + wait };
  await change(row.id, changes);
  announce({ postponed: row.id, error: answer.error });
}

/** One row, as far as it goes. True if the next row may be tried. */
async function send(row) {
  if (!row.receipt) {
    const answer = await sendBody(row);
    if (answer.kind !== 'receipt') {
      await postpone(row, answer);
      return answer.kind === 'attention' || answer.kind === 'held';
    }
  }
  let refused = null;
  for (const sha256 of [...row.missing]) {
    const answer = await sendPhoto(row, sha256);
    if (answer.kind === 'attention') {
      refused = answer; // the other photos still go
    } else if (answer.kind !== 'receipt') {
      await postpone(row, answer);
      return false;
    } else {
      row.missing = row.missing.filter((each) => each !== sha256);
      await change(row.id, { missing: row.missing });
    }
  }
  if (refused) await postpone(row, refused);
  else await settle(row, row.receipt);
  return true;
}

/** Verbs of one finding or round go in their order: what was said before must not arrive after. */
const isBehind = (row, open) => open.some((each) => each.created < row.created && (
  (row.finding && each.finding === row.finding) || (row.kind === 'round' && each.round === row.round)));

async function run({ user, force, first }) {
  const tried = new Set();
  for (;;) {
    const open = (await allRows()).filter((row) => row.state === 'waiting' && mine(row, user) && !tried.has(row.id));
    const ready = open.filter((row) => (force || due(row)) && !isBehind(row, open)).sort((a, b) => a.created - b.created);
    const row = ready.find((each) => each.id === first) ?? ready[0];
    if (!row) return open.length;
    tried.add(row.id);
    if (!(await send(row))) return open.length;
  }
}

/** Sends what is due for this user; says how many rows stay, or 'busy' when another tab is at it and we do not wait. */
export async function drain({ user = '', force = false, first = null, wait = false, signal } = {}) {
  const work = () => run({ user, force, first });
  if (navigator.locks) {
    const options = wait ? { signal } : { ifAvailable: true };
    return navigator.locks.request(LOCK, options, (lock) => (lock ? work() : 'busy'));
  }
  if (busyHere) return 'busy'; // no Web Locks (plain http, old WebViews): the server's idempotency covers two tabs
  busyHere = true;
  try {
    return await work();
  } finally {
    busyHere = false;
  }
}
