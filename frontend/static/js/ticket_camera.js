// The photo after mending, taken over a ghost of the one before: the same place, the same angle.
import { copyOf, t } from './texts.js';

const WANTED = { video: { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1440 } } };

class GhostCamera {
  constructor(before, take) {
    const dialog = copyOf('data-ghost-dialog');
    const part = (name) => dialog.querySelector(`[data-ghost-${name}]`);
    Object.assign(this, { dialog, part, take, video: dialog.querySelector('video'), still: dialog.querySelector('canvas') });
    this.ghost = part('before');
    this.ghost.src = before;
  }

  async open() {
    const { dialog, part } = this;
    part('strength').addEventListener('input', (event) => this.fade(event.target.value));
    part('close').addEventListener('click', () => dialog.close());
    part('shoot').addEventListener('click', () => this.freeze());
    part('again').addEventListener('click', () => this.show(false));
    part('use').addEventListener('click', () => this.use());
    dialog.addEventListener('close', () => this.end());
    this.hide = () => { if (document.hidden) dialog.close(); };
    document.addEventListener('visibilitychange', this.hide);
    document.body.append(dialog);
    this.fade(part('strength').value);
    this.show(false);
    dialog.showModal();
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WANTED);
      this.stop = () => stream.getTracks().forEach((track) => track.stop());
      if (!dialog.open) return this.stop();
      this.video.srcObject = stream;
      await this.video.play();
      dialog.dataset.live = '';
    } catch {
      part('state').textContent = t('camera_refused');
    }
    return null;
  }

  fade(percent) {
    this.ghost.style.opacity = String(percent / 100);
  }

  freeze() {
    const { video, still } = this;
    if (!video.videoWidth) return;
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext('2d').drawImage(video, 0, 0);
    navigator.vibrate?.(30);
    this.show(true);
  }

  /** Looking through the camera, or at what was just taken; the ghost can be compared with both. */
  show(taken) {
    this.still.hidden = !taken;
    for (const name of ['again', 'use']) this.part(name).hidden = !taken;
    this.part('shoot').hidden = taken;
    this.part(taken ? 'use' : 'shoot').focus();
  }

  use() {
    this.still.toBlob(async (blob) => {
      this.dialog.close();
      if (blob) await this.take(blob);
    }, 'image/jpeg', 0.92);
  }

  end() {
    this.stop?.();
    document.removeEventListener('visibilitychange', this.hide);
    this.dialog.remove();
  }
}

/** Opens the camera over the photo at this address; the frame that is kept goes to take(blob). */
export function shootOver(before, take) {
  return new GhostCamera(before, take).open();
}
