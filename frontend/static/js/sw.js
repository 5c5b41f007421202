// The service worker: pages of the patrol open without a network, and the outbox is sent with no page open.
// The server puts `self.XUNAN_BUILD = {version, shell}` in front of this file, so that its bytes change with every build.
import { meta } from '/static/js/db.js';
import { drain } from '/static/js/drain.js';
import { allRows, mine } from '/static/js/outbox.js';

const CORE = ['main', 'user', 'db', 'outbox', 'drain', 'unsent', 'texts', 'uuid7', 'saved', 'outbox_list', 'confirm', 'worker_page'];
const DEFAULT = { version: 'plain', shell: ['/static/vendor/idb.js', ...CORE.map((name) => `/static/js/${name}.js`)] };
const BUILD = self.XUNAN_BUILD ?? DEFAULT;
const SHELL = `shell-${BUILD.version}`;
const PATIENCE = 3000;
const MOST_PAGES = 300;
let slowUntil = 0; // after one time-out the shell answers at once for a while: a line that hangs, hangs for every file

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms, null); });

// A failed download must fail the installation: a half-filled shell is worse than the old one. Hence no catch.
self.addEventListener('install', (event) => {
  const fresh = BUILD.shell.map((url) => new Request(url, { cache: 'reload' }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(fresh)));
});

// The shell before this one stays: kept pages of that build still need it.
async function dropOldShells() {
  const others = (await caches.keys()).filter((name) => name.startsWith('shell-') && name !== SHELL);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}
self.addEventListener('activate', (event) => event.waitUntil(dropOldShells()));

function pageKey(url) {
  const { origin, pathname, search } = new URL(url);
  const label = pathname.match(/^\/p\/([^/]+)$/i);
  return label ? `${origin}/p/${label[1].toUpperCase()}` : origin + pathname + search;
}

async function keepPage(url, response) {
  const owner = response.headers.get('X-Offline-Page') ?? '';
  const whole = response.ok && !response.redirected && response.type === 'basic';
  if (!whole || !/^[\w-]{1,64}$/.test(owner)) return;
  // a page for everybody must not carry anybody's name
  if (owner === 'public' && /<html[^>]*\sdata-user="[^"]/.test(await response.clone().text())) return;
  const cache = await caches.open(`pages-${owner}`);
  await cache.put(pageKey(url), response);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_PAGES)).map((key) => cache.delete(key)));
}

async function keptPage(url) {
  for (const owner of [await meta('user').catch(() => ''), 'public']) {
    const found = owner && await (await caches.open(`pages-${owner}`)).match(pageKey(url));
    if (found) return found;
  }
  return (await (await caches.open(SHELL)).match(new URL(url).pathname)) ?? null;
}

async function offlinePage() {
  const found = await keptPage(new URL('/offline', location.origin));
  const plain = { status: 503, headers: { 'Content-Type': 'text/plain; charset=utf-8' } };
  return found ?? new Response('离线：此页未下载。 Offline: this page was not downloaded.', plain);
}

// Photos and plans of tickets that a page asked to keep: their addresses name their content, so they never grow old.
const PICTURE = /^\/(?:photos|tickets\/plans)\//;
const pictures = async () => {
  const owner = await meta('user').catch(() => '');
  return owner ? caches.open(`pages-${owner}`) : null;
};

async function keepPicture(url) {
  const cache = await pictures();
  if (!cache || await cache.match(url.href)) return;
  const response = await fetch(url);
  if (response.ok && response.type === 'basic') await cache.put(url.href, response);
}

async function picture(request) {
  return (await (await pictures())?.match(request.url)) ?? fetch(request);
}

async function page(event) {
  const { request } = event;
  const network = fetch(request).then((response) => {
    event.waitUntil(keepPage(request.url, response.clone()).catch(() => {}));
    return response;
  });
  const soon = Promise.race([network, sleep(Date.now() < slowUntil ? 800 : PATIENCE)]).catch(() => undefined);
  const answer = await soon;
  if (answer === null) slowUntil = Date.now() + 30000;
  if (answer && answer.status < 502) return answer;
  const kept = await keptPage(request.url);
  if (kept) return kept;
  if (answer) return answer;
  return (answer === null ? await network.catch(() => null) : null) ?? offlinePage();
}

const shellMatch = async (request) => (
  await (await caches.open(SHELL)).match(request)) ?? caches.match(request, { ignoreVary: true });

async function asset(request) {
  const { pathname } = new URL(request.url);
  const immutable = /\.[0-9a-f]{12}\.\w+$/.test(pathname);
  const kept = await shellMatch(request);
  if (kept && (immutable || Date.now() < slowUntil)) return kept;
  if (!kept) return fetch(request);
  const answer = await Promise.race([fetch(request), sleep(PATIENCE)]).catch(() => undefined);
  if (answer === null) slowUntil = Date.now() + 30000;
  return answer?.ok ? answer : kept;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else if (url.pathname.startsWith('/static/')) event.respondWith(asset(request));
  else if (PICTURE.test(url.pathname)) event.respondWith(picture(request));
});

// Must fail while something is still to be sent, or the browser believes the work is done and drops it.
async function sendAll() {
  const user = (await meta('user')) ?? '';
  await drain({ user, force: true, wait: true });
  const left = (await allRows()).filter((row) => row.state === 'waiting' && mine(row, user));
  if (left.length) throw new Error(`${left.length} still to send`);
}
self.addEventListener('sync', (event) => {
  if (event.tag === 'outbox') event.waitUntil(sendAll());
});

self.addEventListener('message', (event) => {
  if (event.data?.activate) self.skipWaiting();
  if (typeof event.data?.keep === 'string') {
    const url = new URL(event.data.keep, location.origin);
    if (url.origin !== location.origin) return;
    const kept = PICTURE.test(url.pathname) ? keepPicture(url) : fetch(url).then((response) => keepPage(url, response));
    event.waitUntil(kept.catch(() => {}));
  }
});
