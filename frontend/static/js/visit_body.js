// The visit as it is sent, built from exactly the controls the plain form would post.
import { boxes, idOf, isHidden, parseNumber, stateOf, valueOf } from './item_state.js';
import { allPhotos, photosNamed } from './photo_input.js';

const shas = (form, name) => photosNamed(form, name).map((photo) => photo.sha256);

/** {question id: what was said} of the questions that follow a problem; null where none was asked. */
function followUpOf(box, id) {
  const head = `follow.${id}.`;
  const names = new Set([...box.querySelectorAll(`[name^="${CSS.escape(head)}"]`)].map((control) => control.name));
  const said = [...names].map((name) => [name.slice(head.length), valueOf(box, name)]).filter(([, value]) => value);
  return said.length ? Object.fromEntries(said) : null;
}

function answerOf(form, box, seconds) {
  const id = idOf(box);
  const number = parseNumber(valueOf(box, `number.${id}`));
  return {
    item: id,
    result: valueOf(box, `result.${id}`) || null,
    number: Number.isNaN(number) ? null : number,
    text: valueOf(box, `text.${id}`),
    choice: valueOf(box, `choice.${id}`),
    date: valueOf(box, `date.${id}`) || null,
    reason: valueOf(box, `reason.${id}`),
    words: valueOf(box, `words.${id}`),
    follow_up: followUpOf(box, id),
    fixed_on_spot: Boolean(valueOf(box, `fixed.${id}`)),
    seconds: seconds.get(id) ?? null,
    photos: shas(form, `photo.${id}`),
    after_photos: shas(form, `after.${id}`),
  };
}

function findingOf(form, box) {
  const id = idOf(box);
  return {
    finding: id,
    now: stateOf(box),
    words: valueOf(box, `now_words.${id}`),
    photos: shas(form, `now_photo.${id}`),
  };
}

function positionOf(field) {
  const [latitude, longitude, accuracy] = ['latitude', 'longitude', 'accuracy'].map(field);
  if (!latitude || !longitude) return null;
  return { latitude: Number(latitude), longitude: Number(longitude), accuracy: Number(accuracy) || 0 };
}

/** {body, photos}: the JSON of the visit and the photos it names. Items without an answer are absent. */
export function visitBody(form, { seconds, openedAt, savedAt }) {
  const field = (name) => form.elements.namedItem(name)?.value?.trim() ?? '';
  const said = boxes(form).filter((box) => !isHidden(box) && stateOf(box) !== '');
  const answers = said.filter((box) => box.dataset.item).map((box) => answerOf(form, box, seconds));
  const findings = said.filter((box) => box.dataset.finding).map((box) => findingOf(form, box));
  const asked = field('challenge_stop');
  const challenge = asked ? { stop: asked, photos: shas(form, 'challenge') } : null;
  const named = new Set([...(challenge?.photos ?? []), ...answers.flatMap((a) => [...a.photos, ...a.after_photos]), ...findings.flatMap((f) => f.photos)]);
  const photos = allPhotos(form).filter((photo, i, all) => (
    named.has(photo.sha256) && all.findIndex((other) => other.sha256 === photo.sha256) === i));
  const body = {
    point: field('point'),
    label: field('label') || null,
    how: field('how') || 'link',
    how_reason: field('how_reason'),
    opened_at: openedAt,
    saved_at: savedAt,
    position: positionOf(field),
    answers,
    open_findings: findings,
    photos: photos.map(({ sha256, taken_at, in_page, bytes }) => ({ sha256, taken_at, in_page, bytes: bytes.byteLength })),
    note: field('note'),
    corrects: field('corrects') || null,
    ...(challenge && { challenge }),
    ...(field('label_trouble') && { label_trouble: { kind: field('label_trouble'), words: '' } }),
  };
  return { body, photos: photos.map(({ sha256, type, bytes }) => ({ sha256, type, bytes })) };
}
