// Who is signed in on this page: what the server wrote into <html data-user>, or, on pages kept for everybody (which
// carry no such attribute), who it was on the page before.
import { meta, setMeta } from './db.js';

const written = document.documentElement.dataset.user;
let known = written ?? '';

export const currentUser = () => known;

/** Must be awaited once before anything asks for the user. */
export async function userKnown() {
  if (written === undefined) known = (await meta('user').catch(() => '')) ?? '';
}

/** Remembers the user for the worker, and drops the cached pages of anybody else. */
export async function rememberUser() {
  if (written === undefined) return;
  try {
    if ((await meta('user')) !== known) await setMeta('user', known);
  } catch {
    // no database: nothing is kept for anybody
  }
  if (!('caches' in globalThis)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith('pages-') && name !== 'pages-public' && name !== `pages-${known}`) await caches.delete(name);
  }
}
