// The page's side of the service worker: registers it, and offers a waiting new one when no form is half filled.

async function offer(registration) {
  const part = document.querySelector('[data-update]');
  if (!part || !registration.waiting || !navigator.serviceWorker.controller) return;
  part.hidden = 'dirty' in document.documentElement.dataset;
  part.querySelector('[data-update-now]')?.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting?.postMessage({ activate: true });
  }, { once: true });
}

export async function register() {
  let registration;
  try {
    registration = await navigator.serviceWorker.register('/sw.js', { type: 'module', updateViaCache: 'none' });
  } catch {
    // no module workers here, or blocked: everything works without, only not offline
  }
  if (!registration) return;
  const uncontrolled = !navigator.serviceWorker.controller;
  navigator.serviceWorker.ready.then((ready) => {
    // the very first page came without the worker: it is fetched once more, to be kept
    if (uncontrolled) ready.active?.postMessage({ keep: location.pathname + location.search });
  });
  await offer(registration);
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', () => offer(registration));
  });
}
