// Photos beside an item: shrunk the moment they are chosen, shown as thumbs, and kept in the input itself so that the
// form without our submit still carries them.
import { sha256 } from './hash.js';
import { t } from './texts.js';

const held = new WeakMap(); // input -> [{sha256, type, bytes, taken_at, in_page}]
const atWork = new WeakMap(); // form -> promise

const inputsOf = (root) => [...root.querySelectorAll('[data-photos] input[type=file]')];

export const photosNamed = (form, name) => (
  inputsOf(form).filter((input) => input.name === name && !input.closest('[data-show-when][hidden]'))
    .flatMap((input) => held.get(input) ?? []));

export const allPhotos = (form) => inputsOf(form).flatMap((input) => held.get(input) ?? []);

/** Resolves when no photo of this form is still being shrunk. */
export const photosReady = (form) => atWork.get(form) ?? Promise.resolve();

function mirror(input) {
  try {
    const transfer = new DataTransfer();
    for (const photo of held.get(input)) {
      const name = `${photo.sha256.slice(0, 12)}.${photo.type.slice(6).replace('jpeg', 'jpg')}`;
      transfer.items.add(new File([photo.bytes], name, { type: photo.type }));
    }
    input.files = transfer.files;
  } catch {
    // no DataTransfer here: a plain post would carry what was chosen last
  }
}

function thumb(photo, remove) {
  const item = document.createElement('li');
  const image = document.createElement('img');
  image.alt = t('photo');
  image.src = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
  image.onload = () => URL.revokeObjectURL(image.src);
  image.onerror = () => image.replaceWith(t('photo_no_preview'));
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'photo-remove';
  button.textContent = t('photo_remove');
  button.addEventListener('click', remove);
  item.append(image, button);
  return item;
}

function render(box) {
  const list = box.querySelector('[data-photo-list]');
  const entries = inputsOf(box.parentElement).filter((input) => box.contains(input))
    .flatMap((input) => (held.get(input) ?? []).map((photo) => [input, photo]));
  box.dataset.count = entries.length;
  if (!list) return;
  list.replaceChildren(...entries.map(([input, photo]) => thumb(photo, () => {
    setPhotos(input, held.get(input).filter((other) => other !== photo));
    input.focus();
  })));
}

/** Makes this list the photos of an input, shows them, and tells the form. */
export function setPhotos(input, photos, quietly = false) {
  held.set(input, photos);
  mirror(input);
  render(input.closest('[data-photos]'));
  if (!quietly) input.dispatchEvent(new CustomEvent('photos:change', { bubbles: true }));
}

function complain(box, key, values) {
  const slot = box.querySelector('[data-error]');
  if (!slot) return;
  slot.textContent = key ? t(key, values) : '';
  slot.hidden = !key;
  slot.setAttribute('role', 'alert');
}

async function takeIn(input, blobs, inPage) {
  const box = input.closest('[data-photos]');
  const most = Number(box.dataset.maxPhotos || 6);
  complain(box, '');
  box.setAttribute('aria-busy', 'true');
  for (const blob of blobs) {
    if (Number(box.dataset.count || 0) >= most) {
      complain(box, 'photo_enough', { n: most });
      break;
    }
    const { shrink } = await import('./shrink.js').catch(() => ({}));
    const small = await shrink?.(blob).catch(() => null);
    if (!small) {
      complain(box, 'photo_not_a_picture');
      continue;
    }
    const taken = inPage ? Date.now() : blob.lastModified;
    const photo = { ...small, name: input.name, sha256: await sha256(small.bytes), in_page: inPage };
    photo.taken_at = taken ? new Date(taken).toISOString() : null;
    const known = held.get(input) ?? [];
    if (!known.some((other) => other.sha256 === photo.sha256)) setPhotos(input, [...known, photo]);
  }
  mirror(input);
  box.removeAttribute('aria-busy');
}

/** Takes in files of an input or frames of the in-page camera, one after the other. */
export function addPhotos(input, blobs, inPage = false) {
  const { form } = input;
  held.set(input, held.get(input) ?? []);
  const work = photosReady(form).then(() => takeIn(input, blobs, inPage));
  atWork.set(form, work.catch(() => {}));
  return work;
}

function offerCamera(box, button) {
  const input = inputsOf(box.parentElement).find((each) => box.contains(each));
  if (!input || !navigator.mediaDevices?.getUserMedia || !('HTMLDialogElement' in globalThis)) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const { shoot } = await import('./camera.js').catch(() => ({}));
    if (shoot) shoot(input, addPhotos);
    else input.click(); // the file was not downloaded in time: the system's camera does it
  });
}

export function attach(box) {
  box.querySelectorAll('[data-camera]').forEach((button) => offerCamera(box, button));
  for (const input of inputsOf(box.parentElement).filter((each) => box.contains(each))) {
    input.addEventListener('change', () => addPhotos(input, [...input.files]));
    if (input.files.length && !held.has(input)) addPhotos(input, [...input.files]); // chosen before we were here
  }
  render(box);
}
