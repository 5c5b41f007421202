// Copies an address or a code, and says so on the button itself.
import { t } from './texts.js';

export function attach(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const { copy } = button.dataset;
    const words = copy.startsWith('#') ? document.querySelector(copy)?.textContent.trim() : copy;
    const before = button.textContent;
    await navigator.clipboard.writeText(words ?? '');
    button.textContent = t('copied');
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}
