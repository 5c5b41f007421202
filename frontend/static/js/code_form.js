// A code typed by hand: a slip of the finger is told at once, a right code goes straight to its point.
import { validCode } from './codes.js';
import { t } from './texts.js';

export function attach(form) {
  const input = form.querySelector('input[name=code]');
  const slot = form.querySelector('[data-error]');
  const say = (message) => {
    input.toggleAttribute('aria-invalid', Boolean(message));
    if (!slot) return;
    slot.textContent = message;
    slot.hidden = !message;
    slot.setAttribute('role', 'alert');
  };
  input.addEventListener('input', () => say(''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const code = validCode(input.value);
    if (code) {
      const why = form.elements.namedItem('why')?.value;
      location.assign(`/p/${code}?how=typed${why ? `&why=${encodeURIComponent(why)}` : ''}`);
    } else {
      say(t('code_wrong'));
      input.focus();
    }
  });
}
