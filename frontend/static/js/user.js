// Who is signed in: what the server wrote into <html data-user>. Pages that name nobody (offline pages, errors, the
// sign-in page) prove nothing: there it is who it was before, until that person signs out.
import { meta, setMeta } from './db.js';

const written = document.documentElement.dataset.user || null;
let known = written ?? '';

export const currentUser = () => known;

/** Must be awaited once before anything asks for the user. */
export async function userKnown() {
  if (!written) known = (await meta('user').catch(() => '')) ?? '';
}

/** Drops the kept pages of everybody but this user. */
export async function forgetPages(user = '') {
  if (!('caches' in globalThis)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith('pages-') && name !== 'pages-public' && name !== `pages-${user}`) await caches.delete(name);
  }
}

/** Remembers the user for the worker and for pages that name nobody. */
export async function rememberUser() {
  if (!written) return;
  try {
    if ((await meta('user')) !== known) await setMeta('user', known);
  } catch {
    // no database: nothing is kept for anybody
  }
  await forgetPages(known);
}

/** Signed out by the person's own wish. */
export async function forgetUser() {
  await setMeta('user', '').catch(() => {});
  await forgetPages().catch(() => {});
}
