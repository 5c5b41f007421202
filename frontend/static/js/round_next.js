// After a visit was saved on the phone: where its round goes on, read from the round's own kept page.
import { doneHere, nextLine, roundOf } from './round_here.js';
import { currentUser } from './user.js';

async function keptRound(id) {
  const cache = await caches.open(`pages-${currentUser()}`);
  const page = await cache.match(`${location.origin}/rounds/${id}`);
  if (!page) return null;
  return new DOMParser().parseFromString(await page.text(), 'text/html').querySelector('[data-round]');
}

function lead(part, name, href, words) {
  const place = part.querySelector(`[data-saved-${name}]`);
  if (!place) return;
  place.querySelector('a').href = href;
  if (words) place.querySelector('[data-slot=next]').textContent = words;
  place.hidden = false;
}

/** Shows the way back to the round in this part, and the next stop where the round's page is on this phone. */
export async function offerNext(part, id) {
  lead(part, 'round', `/rounds/${id}`);
  const root = 'caches' in globalThis ? await keptRound(id).catch(() => null) : null;
  const line = root && nextLine(root, await doneHere(roundOf(root)));
  if (line) lead(part, 'next', line.querySelector('a').getAttribute('href'), line.querySelector('[data-name]').textContent);
}
