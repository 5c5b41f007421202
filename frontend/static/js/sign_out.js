// Signing out with unsent work: warned first, kept always. Pages of the person leave the phone's cache.
import { submitAgain } from './again.js';
import { ask } from './confirm.js';
import { allRows } from './outbox.js';
import { t } from './texts.js';
import { forgetUser } from './user.js';

export function attach(form) {
  form.addEventListener('submit', async (event) => {
    if (form.dataset.sure === '') return;
    event.preventDefault();
    const rows = await allRows().catch(() => []);
    if (rows.length && !(await ask(t('sign_out_unsent', { n: rows.length })))) return;
    await forgetUser();
    form.dataset.sure = '';
    submitAgain(form, event.submitter);
  });
}
