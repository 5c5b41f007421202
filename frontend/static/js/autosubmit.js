// A filter that applies itself when a choice is made; its button stays for everybody else.
import { submitAgain } from './again.js';

export function attach(form) {
  form.addEventListener('change', (event) => {
    if (event.target.matches('select,input[type=checkbox],input[type=radio],input[type=date]')) submitAgain(form);
  });
}
