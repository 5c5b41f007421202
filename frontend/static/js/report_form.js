// The report of anyone: photos shrunk, one id however often it is tapped, the puzzle solved while the person types.
import { submitAgain } from './again.js';
import { photosReady } from './photo_input.js';
import { solve } from './puzzle.js';
import { t } from './texts.js';
import { uuid7 } from './uuid7.js';

class ReportForm {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector('[data-report-status]');
    const id = form.elements.namedItem('id');
    if (id) id.value = uuid7();
    const { puzzle, difficulty } = form.dataset;
    const begin = () => { this.answer ??= puzzle ? solve(puzzle, Number(difficulty)) : Promise.resolve(''); };
    form.addEventListener('focusin', begin, { once: true });
    form.addEventListener('pointerdown', begin, { once: true });
    form.addEventListener('submit', (event) => {
      begin();
      this.submit(event);
    });
    addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  }

  say(key) {
    if (!this.status) return;
    this.status.textContent = key ? t(key) : '';
    this.status.hidden = !key;
  }

  async submit(event) {
    if (this.ready) {
      if (this.sent) event.preventDefault(); // the second tap of two
      this.sent = true;
      return;
    }
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.say('report_sending');
    await photosReady(this.form);
    const field = this.form.elements.namedItem('puzzle_answer');
    const answer = await this.answer;
    if (field) field.value = answer;
    this.ready = true;
    submitAgain(this.form, event.submitter);
  }
}

export function attach(form) {
  return new ReportForm(form);
}
