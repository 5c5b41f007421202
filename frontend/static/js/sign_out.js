// Signing out with unsent work: warned first, kept always. Pages of the person leave the phone's cache.
import { submitAgain } from './again.js';
import { allRows } from './outbox.js';
import { ask } from './confirm.js';
import { t } from './texts.js';

async function forgetPages() {
  if (!('caches' in globalThis)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith('pages-') && name !== 'pages-public') await caches.delete(name);
  }
}

export function attach(form) {
  form.addEventListener('submit', async (event) => {
    if (form.dataset.sure === '') return;
    event.preventDefault();
    const rows = await allRows().catch(() => []);
    if (rows.length && !(await ask(t('sign_out_unsent', { n: rows.length })))) return;
    await forgetPages().catch(() => {});
    form.dataset.sure = '';
    submitAgain(form, event.submitter);
  });
}
