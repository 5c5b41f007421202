// What this phone has done of a round that the page it shows does not know yet: the outbox, and what went off since.
import { withDatabase } from './db.js';
import { allRows } from './outbox.js';

const parsed = (row) => {
  try {
    return JSON.parse(row.body);
  } catch {
    return {};
  }
};

/**
 * {points, stops, rows}: points with a visit of this round's time and stops said to be unreachable, newest last.
 * round: {id, made, opens, closes} in milliseconds but for the id.
 */
export async function doneHere(round) {
  const rows = await allRows().catch(() => []);
  const receipts = await withDatabase((db) => db.getAll('receipts')).catch(() => []);
  const since = receipts.filter((one) => one.at >= round.made); // the page was made before it arrived
  const points = [];
  const stops = [];
  for (const row of [...since, ...rows].sort((a, b) => a.created - b.created)) {
    const body = parsed(row);
    const at = Date.parse(body.saved_at ?? body.at);
    const inTime = at >= round.opens && at <= round.closes;
    if (row.kind === 'visit' && inTime) points.push(body.point);
    if (row.kind === 'round' && body.verb === 'unreachable' && row.url?.includes(round.id)) stops.push(body.fields?.stop);
  }
  const waiting = rows.filter((row) => (row.kind === 'round' && row.round === round.id)
    || (row.kind === 'visit' && row.round === round.id));
  return { points, stops, waiting };
}

export function roundOf(root) {
  const { round, made, opens, closes } = root.dataset;
  return { id: round, made: Date.parse(made), opens: Date.parse(opens), closes: Date.parse(closes) };
}

/** The lines still to do and those done on this phone, in the order of the way. */
export function split(root, done) {
  const isDone = (line) => done.points.includes(line.dataset.point) || done.stops.includes(line.dataset.stop);
  const lines = [...root.querySelectorAll('[data-stop]')];
  return [lines.filter((line) => !isDone(line)), lines.filter(isDone)];
}

/** Of what is left the next one: in a free round the one behind where he was last, else the first. */
export function nextLine(root, done) {
  const [left] = split(root, done);
  const lines = [...root.querySelectorAll('[data-stop]')];
  const last = lines.findIndex((line) => line.dataset.point === done.points[done.points.length - 1]);
  const behind = 'free' in root.dataset && last >= 0 ? left.find((line) => lines.indexOf(line) > last) : null;
  return behind ?? left[0] ?? null;
}
