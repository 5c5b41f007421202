// My tickets on the phone before they are needed: their pages and photos are fetched while there is a signal.

const PAUSE = 150;
const STAMPS = 'xunan.tickets';

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function stampsOf() {
  try {
    return JSON.parse(localStorage.getItem(STAMPS)) ?? {};
  } catch {
    return {};
  }
}

async function isKept(cache, url) {
  return Boolean(await cache.match(new URL(url, location.origin).href));
}

/** Asks the service worker for what is new, one after the other, and not while the line is being saved. */
export async function attach(list) {
  if (!('caches' in globalThis) || !navigator.serviceWorker || navigator.connection?.saveData) return;
  const { active } = await navigator.serviceWorker.ready;
  const cache = await caches.open(`pages-${document.documentElement.dataset.user}`);
  const before = stampsOf();
  const now = {};
  for (const { dataset } of list.querySelectorAll('[data-keep]')) {
    const { keep, stamp } = dataset; // pictures have no stamp: they never change
    if (before[keep] !== stamp || !(await isKept(cache, keep))) {
      active?.postMessage({ keep });
      await sleep(PAUSE);
    }
    if (stamp) now[keep] = stamp;
  }
  try {
    localStorage.setItem(STAMPS, JSON.stringify({ ...before, ...now }));
  } catch {
    // then they are fetched again next time
  }
  list.dataset.kept = '';
}
