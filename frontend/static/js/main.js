// The one entry: looks for data attributes and loads only the behaviours this page needs.
import { rememberUser, userKnown } from './user.js';

/** A phone that never kept anything has nothing to send: there the sender comes with the first touch of a form. */
function untouched() {
  try {
    if (document.querySelector('[data-made]') && navigator.serviceWorker?.controller) return false; // all is here already
    return Boolean(document.querySelector('form[data-visit],[data-made]')) && localStorage.getItem('xunan.kept') === null;
  } catch {
    return false;
  }
}

const touched = untouched() ? new Promise((resolve) => {
  for (const name of ['pointerdown', 'keydown', 'input', 'change']) addEventListener(name, resolve, { once: true, capture: true });
  navigator.serviceWorker?.addEventListener('controllerchange', resolve, { once: true }); // then it costs nothing
  if (!isSecureContext || !navigator.serviceWorker) addEventListener('load', () => setTimeout(resolve, 1000));
}) : Promise.resolve();

const PARTS = [
  ['[data-photos]', () => import('./photo_input.js')],
  ['form[data-visit]', () => import('./visit_form.js')],
  ['form[data-visit][data-locate]', () => touched.then(() => import('./locate.js'))],
  ['form[data-ticket]', () => import('./ticket_form.js')],
  ['[data-ticket-page]', () => import('./ticket_page.js')],
  ['[data-keep-tickets]', () => touched.then(() => import('./ticket_keep.js'))],
  ['[data-made]', () => touched.then(() => import('./round_page.js'))],
  ['form[data-report]', () => import('./report_form.js')],
  ['[data-unsent]', () => touched.then(() => import('./unsent.js'))],
  ['[data-outbox-list]', () => import('./outbox_list.js')],
  ['[data-saved-page]', () => import('./saved.js')],
  ['form[data-sign-out]', () => import('./sign_out.js')],
  ['[data-scanner]', () => import('./scanner.js')],
  ['[data-scan-unread]', () => import('./scan_unread.js')],
  ['form[data-code-form]', () => import('./code_form.js')],
  ['[data-plan-pin]', () => import('./plan_pin.js')],
  ['[data-plan]', () => import('./plan_view.js')],
  ['form[data-plan-time]', () => import('./plan_time.js')],
  ['[data-confirm]', () => import('./confirm.js')],
  ['[data-theme-choice]', () => import('./theme.js')],
  ['[data-install],[data-install-hint]', () => import('./install.js')],
  ['form[data-autosubmit]', () => import('./autosubmit.js')],
  ['[data-route-find]', () => import('./route_find.js')],
  ['[data-route-order]', () => import('./route_order.js')],
  ['[data-copy]', () => import('./copy.js')],
  ['[data-follow^="/"]', () => import('./follow.js')],
  ['[data-city-map]', () => import('./city_map.js')],
  ['time[data-ago]', () => import('./ago_time.js')],
];
const HTMX = ['get', 'post', 'put', 'patch', 'delete', 'boost'].map((verb) => `[hx-${verb}]`).join(',');
const attached = new WeakMap();

function once(element, selector) {
  const known = attached.get(element) ?? new Set();
  attached.set(element, known);
  return known.has(selector) ? false : known.add(selector);
}

/** Attaches everything below (and including) this element that is not attached yet. */
function attachAll(root) {
  for (const [selector, load] of PARTS) {
    const found = [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
    for (const element of found.filter((each) => once(each, selector))) {
      load().then((part) => part.attach(element)).then(() => { element.dataset.live = ''; }).catch((error) => console.error(selector, error));
    }
  }
}

function loadHtmx() {
  if (globalThis.htmx || document.querySelector('script[src*="htmx"]') || !document.querySelector(HTMX)) return;
  const script = document.createElement('script');
  script.src = new URL('../vendor/htmx.min.js', import.meta.url);
  document.head.append(script);
}

/** What htmx (or anything else) puts into the page comes to life like the rest. */
function watch() {
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) attachAll(node);
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
}

addEventListener('beforeinstallprompt', (event) => {
  if (!document.querySelector('[data-install]')) return;
  event.preventDefault();
  document.installOffer = event; // it may come before install.js is here
  document.dispatchEvent(new Event('install:offer'));
});

async function begin() {
  await userKnown();
  document.documentElement.dataset.scripts = '';
  attachAll(document);
  watch();
  loadHtmx();
  await rememberUser();
  if ('serviceWorker' in navigator && !('noSw' in document.documentElement.dataset)) {
    (await import('./worker_page.js')).register();
  }
  await touched;
  (await import('./unsent.js')).keepSending();
}
begin().catch((error) => console.error('xunan', error));
