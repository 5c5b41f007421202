// "Really?" in the page's own words before a form or button with data-confirm goes through.
import { submitAgain } from './again.js';
import { copyOf, fill } from './texts.js';

/** True if the person says yes. */
export function ask(question) {
  const dialog = copyOf('data-confirm-dialog');
  if (!dialog || typeof dialog.showModal !== 'function') return Promise.resolve(globalThis.confirm(question));
  fill(dialog, { question });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    dialog.querySelector('[data-confirm-no]')?.addEventListener('click', () => dialog.close('no'));
    dialog.querySelector('[data-confirm-yes]')?.addEventListener('click', () => dialog.close('yes'));
  });
}

export function attach(element) {
  const type = element.tagName === 'FORM' ? 'submit' : 'click';
  element.addEventListener(type, async (event) => {
    if (element.dataset.sure === '') {
      delete element.dataset.sure;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(element.dataset.confirm))) return;
    element.dataset.sure = '';
    if (type === 'submit') submitAgain(element, event.submitter);
    else element.click();
  }, { capture: true });
}
