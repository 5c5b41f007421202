// A photo taken inside the page: nothing leaves it, so the page is not killed while the camera app is open.
import { copyOf, t } from './texts.js';

const WANTED = { video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1440 } } };

function frame(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', 0.92); });
}

async function open(dialog, video) {
  const stream = await navigator.mediaDevices.getUserMedia(WANTED);
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  dialog.addEventListener('close', () => {
    stop();
    dialog.remove();
  });
  document.addEventListener('visibilitychange', () => dialog.close(), { once: true });
  video.srcObject = stream;
  await video.play();
}

/** Opens the viewfinder; the frame goes to this file input by add(input, blobs, inPage). */
export async function shoot(input, add) {
  const dialog = copyOf('data-camera-dialog');
  document.body.append(dialog);
  const video = dialog.querySelector('video');
  const state = dialog.querySelector('[data-camera-state]');
  dialog.querySelector('[data-camera-close]').addEventListener('click', () => dialog.close());
  dialog.querySelector('[data-camera-shoot]').addEventListener('click', async () => {
    if (!video.videoWidth) return;
    const blob = await frame(video);
    navigator.vibrate?.(30);
    dialog.close();
    await add(input, [blob], true);
  });
  dialog.showModal();
  try {
    await open(dialog, video);
  } catch {
    if (state) state.textContent = t('camera_refused');
  }
}
