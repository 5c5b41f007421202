// Where the phone is, if the person allows it. A hint beside the record: never asked unbidden, never waited for.

const REMEMBER = 'xunan.locate';
const OPTIONS = { enableHighAccuracy: true, timeout: 8000, maximumAge: 30000 };

async function allowedBefore() {
  try {
    const { state } = await navigator.permissions.query({ name: 'geolocation' });
    if (state !== 'prompt') return state === 'granted';
  } catch {
    // Safari of old cannot be asked
  }
  return localStorage.getItem(REMEMBER) === 'yes';
}

function put(form, { latitude, longitude, accuracy }) {
  const values = { latitude: latitude.toFixed(6), longitude: longitude.toFixed(6), accuracy: Math.round(accuracy) };
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  form.dispatchEvent(new CustomEvent('position'));
}

function take(form, ask, note) {
  navigator.geolocation.getCurrentPosition((found) => {
    localStorage.setItem(REMEMBER, 'yes');
    put(form, found.coords);
    if (ask) ask.hidden = true;
    if (note) note.textContent = `± ${Math.round(found.coords.accuracy)} m`;
  }, (error) => {
    if (error.code === error.PERMISSION_DENIED) localStorage.removeItem(REMEMBER);
    if (ask) ask.hidden = error.code === error.PERMISSION_DENIED;
  }, OPTIONS);
}

export async function attach(form) {
  if (!navigator.geolocation || !isSecureContext) return;
  const ask = form.querySelector('[data-locate-ask]');
  const note = form.querySelector('[data-locate-state]');
  ask?.addEventListener('click', () => take(form, ask, note));
  if (await allowedBefore()) take(form, ask, note);
  else if (ask) ask.hidden = false;
}
