// What an item says right now, read from its controls: every other part (shown, required, sent) follows from it.

export const BOXES = '[data-item],[data-finding]';
export const boxes = (form) => [...form.querySelectorAll(BOXES)];
export const idOf = (box) => box.dataset.item ?? box.dataset.finding;
export const isHidden = (element) => Boolean(element.closest('[data-show-when][hidden]'));

/** The typed or chosen value of a name inside this box, trimmed; '' when nothing was. */
export function valueOf(box, name) {
  for (const control of box.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (isHidden(control)) continue;
    if (control.type === 'radio' || control.type === 'checkbox') {
      if (control.checked) return control.value;
    } else if (control.type !== 'file') {
      return control.value.trim();
    }
  }
  return '';
}

/** A number as people type it (full-width digits, comma); null when empty, NaN when it is none. */
export function parseNumber(text) {
  const plain = text.normalize('NFKC').replace(/\s/g, '').replace(/[,。、]/g, '.').replace(/[−–—]/g, '-');
  if (plain === '') return null;
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

const numberControl = (box) => box.querySelector(`[name="${CSS.escape(`number.${idOf(box)}`)}"]`);

/** '' | 'ok' | 'bad' by the limits beside the number; 'done' where there are no limits. */
export function limitState(box) {
  const control = numberControl(box);
  const number = control ? parseNumber(control.value) : null;
  if (number === null || Number.isNaN(number)) return '';
  const { min, max } = control.dataset;
  if (!min && !max) return 'done';
  return (min && number < Number(min)) || (max && number > Number(max)) ? 'bad' : 'ok';
}

function choiceState(box) {
  for (const control of box.querySelectorAll(`[name="${CSS.escape(`choice.${idOf(box)}`)}"]`)) {
    const chosen = control.tagName === 'SELECT' ? control.selectedOptions[0] : control;
    if (control.type === 'radio' && !control.checked) continue;
    if (chosen?.value) return 'bad' in chosen.dataset ? 'bad' : 'done';
  }
  return '';
}

/** '' | ok | bad | na | unchecked | done; for an open finding still | worse | gone. */
export function stateOf(box) {
  const id = idOf(box);
  if (box.dataset.finding) return valueOf(box, `now.${id}`);
  const said = valueOf(box, `result.${id}`) || limitState(box) || choiceState(box);
  return said || (valueOf(box, `text.${id}`) || valueOf(box, `date.${id}`) ? 'done' : '');
}

/** The words a `data-show-when` or `data-need` may name. */
export function wordsOf(box) {
  if (isHidden(box)) return new Set();
  const state = stateOf(box);
  const words = new Set(state ? [state] : []);
  if (state && state !== 'na' && state !== 'unchecked') words.add('answered');
  if (box.dataset.item && valueOf(box, `fixed.${idOf(box)}`)) words.add('fixed');
  return words;
}

export function meets(condition, box) {
  const [, id, list] = condition.match(/^(?:([^:\s]+):)?(.*)$/s);
  const form = box?.closest('form');
  const asked = id ? boxes(form).find((each) => idOf(each) === id) : box;
  if (!asked) return false;
  const words = wordsOf(asked);
  return list.split(/\s+/).some((word) => words.has(word));
}

/** Shows what the answers so far ask for. Twice: what is hidden first may hide something else. */
export function refresh(form) {
  for (let round = 0; round < 2; round += 1) {
    for (const part of form.querySelectorAll('[data-show-when]')) {
      const box = part.matches(BOXES) && part.dataset.showWhen.includes(':') ? part : part.closest(BOXES);
      part.hidden = !meets(part.dataset.showWhen, box ?? part);
    }
  }
  for (const box of boxes(form)) box.dataset.state = stateOf(box);
}
