// How answers of one item move each other: limits decide, a later answer takes "could not check" back, a second tap on
// a chosen answer takes it away again.
import { idOf, limitState, valueOf } from './item_state.js';
import { t } from './texts.js';

const radiosOf = (box) => [...box.querySelectorAll(`[name="${CSS.escape(`result.${idOf(box)}`)}"]`)];
const set = (radio, checked) => {
  if (!radio) return;
  radio.checked = checked;
  if (checked) radio.dataset.byItself = '';
  else delete radio.dataset.byItself;
};

/** Says whether the number is in range; nothing is chosen. */
export function showLimit(box) {
  const state = limitState(box);
  const note = box.querySelector('[data-limit]');
  if (!note) return;
  note.dataset.state = state === 'done' ? '' : state;
  note.textContent = state === 'bad' || state === 'ok' ? t(`limit_${state}`) : '';
}

/** A number was just typed: out of range is bad by itself, in range takes only that back. */
export function followLimits(box) {
  showLimit(box);
  const state = limitState(box);
  const radios = radiosOf(box);
  const chosen = radios.find((radio) => radio.checked);
  const own = chosen && !('byItself' in chosen.dataset); // the person's own word stays
  if (state === 'bad') {
    if (chosen?.value !== 'bad') set(radios.find((radio) => radio.value === 'bad'), true);
  } else if (!own) {
    set(chosen, false);
    if (state === 'ok') set(radios.find((radio) => radio.value === 'ok'), true);
  }
}

/** A number, a choice, words or a date were given after all: "could not check" no longer holds. */
export function takeBackUnchecked(box, control) {
  const given = /^(number|choice|text|date)\./.test(control.name) && control.value.trim() !== '';
  const chosen = radiosOf(box).find((radio) => radio.checked);
  if (given && (chosen?.value === 'unchecked' || chosen?.value === 'na')) set(chosen, false);
}

/** Lets a second tap on the chosen answer of an item or a finding take it away. */
export function allowUndo(form) {
  form.addEventListener('click', (event) => {
    const radio = event.target;
    const box = radio.type === 'radio' && /^(result|now)\./.test(radio.name) && radio.closest('[data-item],[data-finding]');
    if (!box) return;
    if (box.dataset.chosen === radio.value) {
      set(radio, false);
      radio.dispatchEvent(new Event('change', { bubbles: true }));
    } else {
      delete radio.dataset.byItself;
    }
  });
}

/** Remembers what is chosen now, for the next tap. */
export function noteChosen(box) {
  const name = box.dataset.finding ? `now.${idOf(box)}` : `result.${idOf(box)}`;
  box.dataset.chosen = valueOf(box, name);
}
