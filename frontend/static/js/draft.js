// The half-filled form, kept at every change: Android kills the page while the camera app is open.
import { markKept, withDatabase, write } from './db.js';

const FRESH = 12 * 3600 * 1000; // yesterday's answers are never today's
const LEFT_OUT = new Set(['id', 'opened_at', 'latitude', 'longitude', 'accuracy']);

const fields = (form) => [...form.elements].filter((each) => (
  each.name && each.type !== 'file' && each.tagName !== 'BUTTON' && each.tagName !== 'FIELDSET' && !LEFT_OUT.has(each.name)
  && each.type !== 'hidden'));

function valuesOf(form) {
  return fields(form)
    .filter((each) => (each.type === 'radio' || each.type === 'checkbox' ? each.checked : true))
    .map((each) => [each.name, each.value]);
}

function fillIn(form, values) {
  const wanted = new Map();
  for (const [name, value] of values) wanted.set(name, [...(wanted.get(name) ?? []), value]);
  for (const each of fields(form)) {
    const chosen = wanted.get(each.name) ?? [];
    if (each.type === 'radio' || each.type === 'checkbox') each.checked = chosen.includes(each.value);
    else if (chosen.length) [each.value] = chosen;
  }
}

async function removeDraft(store, draft) {
  await store('drafts').delete([draft.user, draft.key]);
  if (await store('outbox').get(draft.id)) return; // it was saved meanwhile: its photos are the outbox's now
  for (const key of await store('photos').index('record').getAllKeys(draft.id)) await store('photos').delete(key);
}

/** One page at a time owns a draft: a second tab of the same point starts its own. */
export function claim(name) {
  if (!navigator.locks) return true;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 600); // a page being reloaded lets go a moment later
  return new Promise((resolve) => {
    const held = () => new Promise(() => { resolve(true); });
    navigator.locks.request(name, { signal: stop.signal }, held).catch(() => resolve(false));
  });
}

/** One draft of one user and key. Writes follow each other; after close() nothing is written any more. */
export class Draft {
  constructor(user, key, id) {
    Object.assign(this, { user, key, id, written: new Set(), writing: null, next: null, closed: false });
  }

  /** The stored draft of this user and key if it is fresh; an old one is dropped. */
  static async find(user, key) {
    const found = await withDatabase((db) => db.get('drafts', [user, key]));
    if (!found || Date.now() - found.saved < FRESH) return found ?? null;
    await write(['drafts', 'photos', 'outbox'], (store) => removeDraft(store, found));
    return null;
  }

  /** Puts the stored values back; returns the photos by input name for the caller to set. */
  async restore(form, found) {
    fillIn(form, found.values);
    const rows = await withDatabase((db) => db.getAllFromIndex('photos', 'record', found.id));
    const bytes = new Map(rows.map((row) => [row.sha256, row]));
    this.written = new Set(bytes.keys());
    return found.photos.map(([name, list]) => [name, list.filter((p) => bytes.has(p.sha256))
      .map((p) => ({ ...p, type: bytes.get(p.sha256).type, bytes: bytes.get(p.sha256).bytes }))]);
  }

  /** Saves the form as it is now with what the caller adds; while one write is under way only the newest waits. */
  save(form, extra, photosByName) {
    this.next = { values: valuesOf(form), extra, photosByName };
    this.writing ??= this.writeAll().finally(() => { this.writing = null; });
    return this.writing;
  }

  async writeAll() {
    while (this.next && !this.closed) {
      const job = this.next;
      this.next = null;
      try {
        await this.writeOne(job);
        this.failed = false;
      } catch {
        this.failed = true; // the form itself is still there; saving tells if it cannot be kept
      }
    }
  }

  async writeOne({ values, extra, photosByName }) {
    const { id, user, key } = this;
    const photos = photosByName.map(([name, list]) => [name, list.map(({ bytes, ...about }) => about)]);
    const fresh = photosByName.flatMap(([, list]) => list).filter((photo) => !this.written.has(photo.sha256));
    await write(['drafts', 'photos'], async (store) => {
      for (const { sha256, type, bytes } of fresh) await store('photos').put({ record: id, sha256, type, bytes });
      await store('drafts').put({ ...extra, user, key, id, values, photos, saved: Date.now() });
    });
    markKept();
    for (const photo of fresh) this.written.add(photo.sha256);
  }

  /** No more writes from here on; waits for the one under way. */
  async close() {
    this.closed = true;
    await this.writing;
  }

  async discard() {
    await this.close();
    await write(['drafts', 'photos', 'outbox'], (store) => removeDraft(store, this));
  }
}
