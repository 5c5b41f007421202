// The visit on the phone: keeps every change, checks what is missing, puts the visit into the outbox, tries to send it.
import { submitAgain } from './again.js';
import { storageWorks } from './db.js';
import { Draft, claim } from './draft.js';
import { allowUndo, followLimits, noteChosen, showLimit, takeBackUnchecked } from './item_choice.js';
import { BOXES, boxes, idOf, refresh } from './item_state.js';
import { allPhotos, photosReady, setPhotos } from './photo_input.js';
import { currentUser } from './user.js';
import { uuid7 } from './uuid7.js';
import { check, say, showProgress } from './visit_check.js';
import { VisitClock } from './visit_clock.js';

const WAYS = new Set(['scan', 'photo', 'typed', 'list', 'link']);
const WHY = new Set(['damaged', 'unread']);

class VisitForm {
  constructor(form) {
    Object.assign(this, { form, user: currentUser(), openedAt: new Date().toISOString(), dirty: false });
    this.clock = new VisitClock();
    this.draft = new Draft(this.user, form.dataset.key ?? location.pathname, uuid7());
  }

  async start() {
    const { form } = this;
    form.noValidate = true;
    allowUndo(form);
    form.addEventListener('change', (event) => this.changed(event));
    form.addEventListener('input', (event) => this.typed(event));
    form.addEventListener('photos:change', (event) => this.changed(event));
    form.addEventListener('position', () => this.save());
    form.addEventListener('submit', (event) => this.submit(event), { capture: true });
    addEventListener('pageshow', (event) => { if (event.persisted && this.saved) location.reload(); });
    this.keeping = await storageWorks();
    if (!(await claim(`draft ${this.draft.user} ${this.draft.key}`))) this.draft.key += `/${this.draft.id}`;
    if (this.keeping) await this.bringBack();
    form.elements.namedItem('id')?.setAttribute('value', this.draft.id);
    form.elements.namedItem('opened_at')?.setAttribute('value', this.openedAt);
    const asked = new URLSearchParams(location.search);
    const [how, why] = [asked.get('how'), asked.get('why')];
    if (WAYS.has(how)) form.elements.namedItem('how')?.setAttribute('value', how); // a kept page knows only its first way
    if (WHY.has(why)) form.querySelector('input[name=how_reason]')?.setAttribute('value', why);
    this.show();
    form.dataset.ready = '';
  }

  async bringBack() {
    const { form, draft } = this;
    const found = await Draft.find(draft.user, draft.key).catch(() => null);
    if (!found || this.dirty) return;
    draft.id = found.id;
    this.openedAt = found.openedAt;
    this.clock = new VisitClock(found.seconds);
    for (const [name, photos] of await draft.restore(form, found)) {
      const input = form.querySelector(`[data-photos] input[type=file][name="${CSS.escape(name)}"]`);
      if (input && photos.length) setPhotos(input, photos, true);
    }
    const note = document.querySelector('[data-draft]');
    if (note) note.hidden = false;
    document.querySelector('[data-draft-discard]')?.addEventListener('click', async () => {
      await draft.discard();
      location.reload();
    });
  }

  show() {
    refresh(this.form);
    for (const box of boxes(this.form)) {
      showLimit(box);
      noteChosen(box);
    }
    showProgress(this.form);
  }

  typed(event) {
    const box = event.target.closest(BOXES);
    if (box) say(box, ''); // now, not on leaving the field: the page must not shift under the tap that follows
    if (box) takeBackUnchecked(box, event.target);
    if (event.target.name?.startsWith('number.')) followLimits(box);
    this.show();
    this.save(); // words are typed for minutes: they are kept letter by letter, not only when the field is left
  }

  changed(event) {
    const box = event.target.closest(BOXES);
    if (box) {
      this.clock.touch(idOf(box));
      say(box, '');
    }
    this.show();
    this.save();
  }

  save() {
    this.dirty = true;
    document.documentElement.dataset.dirty = '';
    if (!this.keeping || this.saved) return;
    const byName = new Map();
    for (const photo of allPhotos(this.form)) byName.set(photo.name, [...(byName.get(photo.name) ?? []), photo]);
    const extra = { openedAt: this.openedAt, seconds: [...this.clock.seconds], title: this.form.dataset.title ?? '' };
    this.draft.save(this.form, extra, [...byName]);
  }

  async submit(event) {
    if (!this.keeping) {
      if (!check(this.form)) event.preventDefault();
      return; // the plain form posts
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.busy) return;
    this.busy = true;
    this.buttons((button) => button.setAttribute('aria-disabled', 'true'));
    try {
      await photosReady(this.form);
      if (check(this.form)) await this.finish();
    } finally {
      this.busy = false;
      this.buttons((button) => button.removeAttribute('aria-disabled'));
    }
  }

  buttons(each) {
    [...this.form.elements].filter((control) => control.type === 'submit').forEach(each);
  }

  async finish() {
    const { saveVisit, showOutcome } = await import('./visit_save.js').catch(() => ({}));
    const outcome = saveVisit ? await saveVisit(this) : 'post';
    this.saved = outcome === 'kept';
    if (outcome === 'kept') {
      delete document.documentElement.dataset.dirty;
      await showOutcome(this);
    } else {
      this.keeping = false; // the next tap posts the plain form, photos and all
      if (outcome === 'post') submitAgain(this.form);
    }
  }
}

export function attach(form) {
  return new VisitForm(form).start();
}
