// A verb of a round: into the outbox, sent at once when the server answers; without a database the plain form posts.
import { submitAgain } from './again.js';
import { storageWorks } from './db.js';
import { keep } from './outbox.js';
import { arrived } from './saved.js';
import { t } from './texts.js';
import { currentUser } from './user.js';
import { uuid7 } from './uuid7.js';

const PATIENCE = 5000;

export class RoundForm {
  constructor(form) {
    Object.assign(this, { form, round: form.closest('[data-round]').dataset.round, verb: form.dataset.roundVerb });
  }

  async start() {
    if (!(await storageWorks())) return;
    this.form.addEventListener('submit', (event) => this.submit(event), { capture: true });
    this.form.dataset.ready = '';
  }

  field(name) {
    return this.form.elements.namedItem(name)?.value?.trim() ?? '';
  }

  say(words) {
    const place = this.form.querySelector('[data-form-error]');
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
    const words = [this.field('reason'), this.field('words')].filter(Boolean).join('；');
    if (!words && this.verb !== 'hand_over') this.say(t('need_words'));
    else await this.finish(words);
    this.busy = false;
  }

  record(words) {
    const { form, round, verb } = this;
    const id = uuid7();
    const fields = Object.fromEntries(['stop', 'to'].map((name) => [name, this.field(name)]).filter(([, value]) => value));
    const chosen = form.querySelector('select')?.selectedOptions[0]?.textContent;
    const title = [form.dataset.title, chosen].filter(Boolean).join(' · ');
    const body = { verb, words, fields, at: new Date().toISOString() };
    return { id, kind: 'round', user: currentUser(), title, url: `/api/rounds/${round}/events/${id}`, round, verb, body };
  }

  async finish(words) {
    const record = this.record(words);
    try {
      await keep(record, []);
    } catch (error) {
      this.plain = true; // the next tap posts the plain form
      if (error?.name === 'QuotaExceededError') this.say(t('storage_full'));
      else submitAgain(this.form);
      return;
    }
    this.say('');
    this.form.reset();
    this.form.closest('details')?.removeAttribute('open');
    scrollTo(0, 0);
    if (await arrived(record.id, record.user, PATIENCE)) location.reload();
  }
}
