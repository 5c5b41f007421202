// The phone's own database. Photos are rows of their own and ArrayBuffers (WebKit loses Blobs), so that a retry reads
// only what is missing and a photo chosen before the page was killed is still there.
import { openDB } from '../vendor/idb.js';

export const DURABLE = { durability: 'strict' };

let opening = null;

function upgrade(db, from) {
  if (from < 1) {
    db.createObjectStore('outbox', { keyPath: 'id' });
    db.createObjectStore('photos', { keyPath: ['record', 'sha256'] }).createIndex('record', 'record');
    db.createObjectStore('receipts', { keyPath: 'id' });
    db.createObjectStore('drafts', { keyPath: ['user', 'key'] });
    db.createObjectStore('meta', { keyPath: 'key' });
  }
}

function forget() {
  opening = null;
}

/** The open database. A newer page in another tab may upgrade: this one lets go and opens again when next asked. */
export function database() {
  opening ??= openDB('xunan', 1, {
    upgrade,
    blocking(current, blocked, event) {
      event.target.close();
      forget();
    },
    terminated: forget,
  }).catch((error) => {
    forget();
    throw error;
  });
  return opening;
}

/** Runs work(db); once more with a fresh connection if the system had closed the old one (iOS under memory pressure). */
export async function withDatabase(work) {
  try {
    return await work(await database());
  } catch (error) {
    if (error?.name !== 'InvalidStateError') throw error;
    forget();
    return work(await database());
  }
}

/** One transaction over these stores; waits until it is on the disk. work(store-getter) must only await the database. */
export function write(stores, work) {
  return withDatabase(async (db) => {
    const tx = db.transaction(stores, 'readwrite', DURABLE);
    const done = tx.done.then(() => null, (error) => error ?? tx.error);
    let result;
    try {
      result = await work((name) => tx.objectStore(name));
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // it had ended already
      }
      await done;
      throw error;
    }
    const failed = await done;
    if (failed) throw failed;
    return result;
  });
}

/** From now on this phone holds something of a person: every page looks after it at once. */
export function markKept() {
  try {
    localStorage.setItem('xunan.kept', '1');
  } catch {
    // storage is closed to us, and then nothing was kept either
  }
}

export async function meta(key) {
  return (await withDatabase((db) => db.get('meta', key)))?.value;
}

export function setMeta(key, value) {
  return write(['meta'], (store) => store('meta').put({ key, value }));
}

/** True where the phone lets us keep anything at all (private windows and blocked storage do not). */
export async function storageWorks() {
  try {
    await database();
    return true;
  } catch {
    return false;
  }
}
