// A page that is open sees what others do: asks for a few bytes now and then, and takes the fresh page when they changed.
// It ends by itself after a quarter of an hour, and rests while the page is hidden or somebody is typing in it.
const EVERY = 8000;
const LONGEST = 15 * 60 * 1000;

const busy = (box) => box.contains(document.activeElement) && document.activeElement.matches('input,textarea,select');

async function fresh(box) {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of document.querySelectorAll('[data-follow-part]')) {
    const next = page.querySelector(`[data-follow-part="${CSS.escape(part.dataset.followPart)}"]`);
    if (next) part.replaceWith(document.importNode(next, true));
  }
  const said = page.querySelector('[data-follow]');
  if (said) box.dataset.version = said.dataset.version;
  const note = box.querySelector('[data-follow-said]');
  if (note) note.hidden = false;
}

async function look(box) {
  if (document.hidden || busy(document.body)) return;
  try {
    const answer = await fetch(box.dataset.follow, { headers: { Accept: 'application/json' } });
    if (answer.ok && (await answer.json()).version !== box.dataset.version) await fresh(box);
  } catch {
    // no signal: the next turn asks again
  }
}

export function attach(box) {
  const timer = setInterval(() => look(box), Number(box.dataset.every) || EVERY);
  setTimeout(() => clearInterval(timer), LONGEST);
}
