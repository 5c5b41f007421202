// The scanner: camera or a photo of a label. Only our own codes lead anywhere, and only to our own origin.
import { codeInScan } from './codes.js';
import { draw, makeDecoder } from './decoder.js';
import { Lens, cameraAllowed } from './lenses.js';
import { readySound, signal } from './signal.js';
import { t } from './texts.js';

const LONGEST_FRAME = 1280;
const LONGEST_PHOTO = 2000;

const nextFrame = (video) => new Promise((resolve) => {
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(resolve);
  setTimeout(resolve, 120);
});

class Scanner {
  constructor(root) {
    const part = (name) => root.querySelector(`[data-scan-${name}]`);
    Object.assign(this, { root, lens: new Lens(), canvas: document.createElement('canvas'), running: 0 });
    for (const name of ['video', 'start', 'torch', 'lens', 'sound', 'status', 'photo']) this[`${name}Part`] = part(name);
    this.lensBox = part('lens-box') ?? this.lensPart;
    this.hosts = [location.host, ...(root.dataset.hosts ?? '').split(/\s+/)].filter(Boolean).map((h) => h.toLowerCase());
  }

  decoder() {
    this.decoding ??= makeDecoder(this.root.dataset.wasm).catch((error) => {
      this.decoding = null;
      throw error;
    });
    return this.decoding;
  }

  say(key, values) {
    if (this.statusPart) this.statusPart.textContent = t(key, values);
    this.root.dataset.state = key;
  }

  async start() {
    this.stop();
    const turn = this.running;
    if (!navigator.mediaDevices?.getUserMedia) return this.say('scan_no_camera');
    this.say('scan_starting');
    this.decoder().catch(() => {});
    try {
      await this.lens.open(this.videoPart);
    } catch (error) {
      return this.say(error?.name === 'NotAllowedError' ? 'scan_refused' : 'scan_no_camera');
    }
    if (this.startPart) this.startPart.hidden = true;
    if (this.torchPart) this.torchPart.hidden = !this.lens.hasTorch;
    if (this.lensPart) await this.lens.offer(this.lensPart, this.lensBox).catch(() => {});
    this.say('scan_looking');
    return this.look(turn).catch(() => this.say('scan_failed'));
  }

  stop() {
    this.running += 1;
    this.lens.close();
    if (this.startPart) this.startPart.hidden = false;
    this.torchPart?.setAttribute('aria-pressed', 'false');
  }

  async look(turn) {
    const decode = await this.decoder();
    while (turn === this.running) {
      const { videoWidth, videoHeight } = this.videoPart;
      if (videoWidth) {
        const texts = await decode(draw(this.canvas, this.videoPart, videoWidth, videoHeight, LONGEST_FRAME));
        if (turn === this.running && this.found(texts, 'scan')) return;
      }
      await nextFrame(this.videoPart);
    }
  }

  /** True when one of ours was among them: then we are on our way. */
  found(texts, how) {
    const code = texts.map((text) => codeInScan(text, this.hosts)).find(Boolean);
    const sound = this.soundPart?.checked ?? true;
    if (code) {
      this.stop();
      signal({ sound });
      this.say('scan_found');
      location.assign(`/p/${code}?how=${how}`);
      return true;
    }
    if (texts.length && this.foreign !== texts[0]) {
      [this.foreign] = texts;
      signal({ sound, good: false });
      this.say('scan_foreign');
    }
    return false;
  }

  async photo(file) {
    this.say('scan_reading');
    try {
      const decode = await this.decoder();
      const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
      for (const most of [LONGEST_PHOTO, 1000, 500]) {
        const texts = await decode(draw(this.canvas, picture, picture.width, picture.height, most));
        if (texts.length) {
          if (!this.found(texts, 'photo')) this.say('scan_foreign');
          return;
        }
      }
      this.say('scan_nothing');
    } catch {
      this.say('scan_failed');
    }
  }

  async attach() {
    if (this.startPart) this.startPart.hidden = false;
    this.startPart?.addEventListener('click', () => {
      readySound();
      this.start();
    });
    this.torchPart?.addEventListener('click', async () => {
      const on = this.torchPart.getAttribute('aria-pressed') !== 'true';
      await this.lens.torch(on).catch(() => {});
      this.torchPart.setAttribute('aria-pressed', String(on));
    });
    this.lensPart?.addEventListener('change', () => {
      Lens.remember(this.lensPart.value);
      this.start();
    });
    this.photoPart?.addEventListener('change', () => this.photoPart.files[0] && this.photo(this.photoPart.files[0]));
    document.addEventListener('visibilitychange', () => {
      if (document.hidden && this.lens.stream) this.paused = true;
      if (document.hidden) this.stop();
      else if (this.paused) this.start();
    });
    addEventListener('pagehide', () => this.stop());
    if (this.photoPart?.files[0]) this.photo(this.photoPart.files[0]); // chosen before we were here
    else if (await cameraAllowed()) this.start();
  }
}

export function attach(root) {
  return new Scanner(root).attach();
}
