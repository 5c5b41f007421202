// Saving a visit: out of the form, into the outbox in one durable transaction, then off to the server if it answers.
import { keep } from './outbox.js';
import { arrived, showSaved } from './saved.js';
import { t } from './texts.js';
import { visitBody } from './visit_body.js';

const PATIENCE = 4000;

function tellFull(form) {
  const place = form.querySelector('[data-form-error]') ?? document.querySelector('[data-form-error]');
  if (!place) return false;
  place.textContent = t('storage_full');
  place.hidden = false;
  place.setAttribute('role', 'alert');
  place.scrollIntoView({ block: 'center' });
  return true;
}

/** 'kept'; 'told' when the phone is full and the person knows; 'post' when only the plain form is left. */
export async function saveVisit({ form, draft, user, clock, openedAt }) {
  const { body, photos } = visitBody(form, { seconds: clock.seconds, openedAt, savedAt: new Date().toISOString() });
  await draft.close();
  const record = {
    id: draft.id, kind: 'visit', user, title: form.dataset.title ?? document.title, url: `/api/visits/${draft.id}`, body,
    ...(form.dataset.round && { round: form.dataset.round }),
  };
  try {
    await keep({ ...record, draft: [draft.user, draft.key] }, photos);
    return 'kept';
  } catch (error) {
    draft.closed = false;
    return error?.name === 'QuotaExceededError' && tellFull(form) ? 'told' : 'post';
  }
}

/** "Saved on this phone" at once; on to the receipt's page when the server answers in a few seconds. */
export async function showOutcome({ form, draft, user }) {
  await showSaved(draft.id, form.dataset.savedUrl);
  document.querySelectorAll('.bar,[data-visit-bar]').forEach((bar) => { bar.hidden = true; });
  if (await arrived(draft.id, user, PATIENCE)) location.replace(`/visits/${draft.id}`);
}
