// What a visit still lacks, said beside the item it belongs to.
import { BOXES, boxes, idOf, isHidden, meets, parseNumber, stateOf, valueOf } from './item_state.js';
import { photosNamed } from './photo_input.js';
import { t } from './texts.js';

function slotOf(box) {
  return [...box.querySelectorAll('[data-error]')].find((slot) => !slot.closest('[data-photos]'));
}

export function say(box, message) {
  const slot = slotOf(box);
  box.toggleAttribute('data-wrong', Boolean(message));
  if (!slot) return;
  slot.textContent = message;
  slot.hidden = !message;
  if (message) slot.setAttribute('role', 'alert');
}

function isEmpty(control, box, form) {
  if (control.type === 'file') return photosNamed(form, control.name).length === 0;
  return valueOf(box, control.name) === '';
}

function faultOf(box, form) {
  const number = box.querySelector(`[name="${CSS.escape(`number.${idOf(box)}`)}"]`);
  if (number && Number.isNaN(parseNumber(number.value))) return { message: t('not_a_number'), focus: number };
  if ('required' in box.dataset && stateOf(box) === '') return { message: t('need_answer'), focus: null };
  for (const control of box.querySelectorAll('[data-need]')) {
    if (isHidden(control) || !meets(control.dataset.need, box) || !isEmpty(control, box, form)) continue;
    return { message: t(control.type === 'file' ? 'need_photo' : 'need_words'), focus: control };
  }
  return null;
}

/** Required fields outside the items (why the label was not scanned, ...) are told by the browser itself. */
function restIsFine(form) {
  const outside = [...form.elements].filter((control) => !control.closest(BOXES) && !isHidden(control));
  const wrong = outside.find((control) => control.willValidate && !control.checkValidity());
  if (!wrong) return true;
  const folded = wrong.closest('details');
  if (folded) folded.open = true;
  wrong.reportValidity();
  return false;
}

/** Says every fault beside its item and goes to the first; true if there was none. */
export function check(form) {
  let first = null;
  for (const box of boxes(form)) {
    const fault = isHidden(box) ? null : faultOf(box, form);
    say(box, fault ? fault.message : '');
    if (fault && !first) first = { box, ...fault };
  }
  if (!first) return restIsFine(form);
  const folded = first.box.closest('details');
  if (folded) folded.open = true;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  first.box.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
  const target = first.focus ?? first.box.querySelector('input:not([type=hidden]),select,textarea,button');
  target?.focus({ preventScroll: true });
  return false;
}

/** "answered 4 / 6", over the items that must be answered. */
export function showProgress(form) {
  const asked = boxes(form).filter((box) => 'required' in box.dataset && !isHidden(box));
  const answered = asked.filter((box) => stateOf(box) !== '').length;
  for (const place of document.querySelectorAll('[data-progress]')) {
    place.textContent = t('progress', { n: answered, m: asked.length });
  }
  for (const bar of document.querySelectorAll('[data-progress-bar]')) {
    bar.hidden = false;
    bar.hidden = false;
    bar.max = Math.max(1, asked.length);
    bar.value = answered;
  }
}
