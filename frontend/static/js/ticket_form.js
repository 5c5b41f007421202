// One verb of a ticket on the phone: kept at every change, put into the outbox, sent at once when the server answers.
import { submitAgain } from './again.js';
import { storageWorks } from './db.js';
import { Draft, claim } from './draft.js';
import { drain } from './drain.js';
import { keep, onNews, receipt, row } from './outbox.js';
import { addPhotos, allPhotos, photosReady, setPhotos } from './photo_input.js';
import { t } from './texts.js';
import { currentUser } from './user.js';
import { uuid7 } from './uuid7.js';

const PATIENCE = 5000;
const OWN = new Set(['words', 'event', 'version', 'held', 'photo']);

/** Sends in the order of the outbox and waits at most this long; true when the server has the words. */
async function arrived(id, user) {
  if (navigator.onLine === false) return false;
  let stop;
  const over = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE);
    stop = onNews((news) => { if ([news.settled, news.received, news.postponed].includes(id)) resolve(); });
  });
  drain({ user, force: true, wait: true }).catch(() => null);
  await over;
  stop();
  return Boolean((await receipt(id)) ?? (await row(id))?.receipt);
}

class TicketForm {
  constructor(form) {
    Object.assign(this, { form, user: currentUser() });
    this.key = `ticket/${form.dataset.finding}/${form.dataset.ticket}`;
    this.draft = new Draft(this.user, this.key, uuid7());
  }

  async start() {
    const { form } = this;
    this.offerGhost();
    if (!(await storageWorks())) return; // the plain form posts
    if (!(await claim(`draft ${this.user} ${this.key}`))) this.draft.key = `${this.key}/${this.draft.id}`;
    await this.bringBack();
    for (const name of ['change', 'input', 'photos:change']) form.addEventListener(name, () => this.save());
    form.addEventListener('submit', (event) => this.submit(event), { capture: true });
    form.dataset.ready = '';
  }

  async bringBack() {
    const found = await Draft.find(this.user, this.draft.key).catch(() => null);
    if (!found) return;
    this.draft.id = found.id;
    for (const [name, photos] of await this.draft.restore(this.form, found)) {
      const input = this.form.querySelector(`[data-photos] input[type=file][name="${CSS.escape(name)}"]`);
      if (input && photos.length) setPhotos(input, photos, true);
    }
    this.form.closest('details')?.setAttribute('open', '');
  }

  offerGhost() {
    const button = this.form.querySelector('[data-ghost]');
    if (!button || !navigator.mediaDevices?.getUserMedia || !('HTMLDialogElement' in globalThis)) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      const input = this.form.querySelector('input[type=file]');
      const { shootOver } = await import('./ticket_camera.js').catch(() => ({}));
      if (shootOver) shootOver(button.dataset.ghost, (blob) => addPhotos(input, [blob], true));
      else input.click(); // the file was not downloaded in time: the system's camera does it
    });
  }

  save() {
    if (this.saved) return;
    document.documentElement.dataset.dirty = '';
    const photos = allPhotos(this.form).map((photo) => ({ ...photo, name: 'photo' }));
    this.draft.save(this.form, {}, [['photo', photos]]);
  }

  say(words) {
    const place = this.form.querySelector('[data-form-error]');
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
    place.setAttribute('role', 'alert');
  }

  async submit(event) {
    if (this.plain) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.busy) return;
    this.busy = true;
    this.form.setAttribute('aria-busy', 'true');
    try {
      await photosReady(this.form);
      if ('needPhoto' in this.form.dataset && !allPhotos(this.form).length) this.say(t('need_photo'));
      else await this.finish();
    } finally {
      this.busy = false;
      this.form.removeAttribute('aria-busy');
    }
  }

  record() {
    const { draft, form, user } = this;
    const { finding, verb, title } = form.dataset;
    const fields = Object.fromEntries([...new FormData(form)].filter(([name, value]) => (
      !OWN.has(name) && typeof value === 'string')));
    const words = form.elements.namedItem('words')?.value.trim() ?? '';
    const photos = allPhotos(form).filter((one, n, all) => all.findIndex((other) => other.sha256 === one.sha256) === n);
    const body = { verb, words, fields, photos: photos.map((photo) => photo.sha256), at: new Date().toISOString() };
    const url = `/api/findings/${finding}/events/${draft.id}`;
    return [{ id: draft.id, kind: 'verb', user, title, url, finding, verb, body, draft: [draft.user, draft.key] },
      photos.map(({ sha256, type, bytes }) => ({ sha256, type, bytes }))];
  }

  async finish() {
    const [record, photos] = this.record();
    this.saved = true;
    await this.draft.close();
    try {
      await keep(record, photos);
    } catch (error) {
      Object.assign(this, { saved: false, plain: true }); // the next tap posts the plain form, photos and all
      this.draft.closed = false;
      if (error?.name === 'QuotaExceededError') this.say(t('storage_full'));
      else submitAgain(this.form);
      return;
    }
    this.clear();
    if (await arrived(record.id, this.user)) location.reload();
    else document.querySelector('[data-ticket-unsent]')?.scrollIntoView({ block: 'center' });
  }

  /** Ready for the next note; what was said now stands above, as unsent. */
  clear() {
    const { form } = this;
    form.reset();
    form.querySelectorAll('[data-photos] input[type=file]').forEach((input) => setPhotos(input, [], true));
    form.closest('details')?.removeAttribute('open');
    this.say('');
    delete document.documentElement.dataset.dirty;
    this.draft = new Draft(this.user, this.key, uuid7());
    this.saved = false;
  }
}

export function attach(form) {
  return new TicketForm(form).start();
}
