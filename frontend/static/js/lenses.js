// The camera of the scanner: which lens (many phones start with one that cannot focus near), and the torch.

const REMEMBER = 'xunan.lens';

function wish() {
  const lens = localStorage.getItem(REMEMBER);
  const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
  return { audio: false, video: lens ? { deviceId: { ideal: lens }, ...size } : { facingMode: { ideal: 'environment' }, ...size } };
}

export class Lens {
  /** Opens the remembered lens, or the one that looks away from the person. */
  async open(video) {
    this.stream = await navigator.mediaDevices.getUserMedia(wish());
    [this.track] = this.stream.getVideoTracks();
    video.srcObject = this.stream;
    await video.play();
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  get hasTorch() {
    return Boolean(this.track?.getCapabilities?.().torch);
  }

  async torch(on) {
    await this.track.applyConstraints({ advanced: [{ torch: on }] });
  }

  /** Fills the choice of lenses; hidden while there is nothing to choose. */
  async offer(select, box) {
    const all = await navigator.mediaDevices.enumerateDevices();
    const cameras = all.filter((device) => device.kind === 'videoinput');
    const now = this.track.getSettings?.().deviceId;
    select.replaceChildren(...cameras.map((camera, i) => new Option(camera.label || String(i + 1), camera.deviceId,
      false, camera.deviceId === now)));
    box.hidden = cameras.length < 2;
  }

  static remember(deviceId) {
    localStorage.setItem(REMEMBER, deviceId);
  }
}

/** True if the camera was allowed before, so that it may start without a tap. */
export async function cameraAllowed() {
  try {
    return (await navigator.permissions.query({ name: 'camera' })).state === 'granted';
  } catch {
    return false;
  }
}
