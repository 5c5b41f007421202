// A short beep and a buzz: heard and felt with gloves on, eyes elsewhere.

let audio = null;

/** To be called from a tap, or phones keep the sound back. */
export function readySound() {
  try {
    audio ??= new (globalThis.AudioContext ?? globalThis.webkitAudioContext)();
    if (audio.state === 'suspended') audio.resume().catch(() => {});
  } catch {
    audio = null;
  }
}

export function signal({ sound = true, good = true } = {}) {
  navigator.vibrate?.(good ? 60 : [40, 60, 40]);
  if (!sound || audio?.state !== 'running') return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = good ? 1320 : 330;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.14);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.15);
}
