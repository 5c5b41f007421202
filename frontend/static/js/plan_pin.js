// A pin on a plan: tap the picture, or move it with the arrow keys; fractions of the picture's width and height.
import { t } from './texts.js';

const clamp = (value) => Math.min(1, Math.max(0, value));
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class PlanPin {
  constructor(root) {
    const picture = root.querySelector('[data-plan-picture] img,[data-plan-picture] svg') ?? root.querySelector('img,svg');
    Object.assign(this, { root, picture, pin: root.querySelector('[data-pin]'), text: root.querySelector('[data-pin-text]') });
    this.frame = root.querySelector('[data-plan-picture]') ?? root;
    const field = (name) => root.querySelector(`[name="${CSS.escape(name)}"]`);
    this.fields = [field(root.dataset.x ?? 'x'), field(root.dataset.y ?? 'y')];
  }

  attach() {
    for (const plain of this.root.querySelectorAll('[data-pin-plain]')) (plain.closest('label') ?? plain).hidden = true;
    this.frame.tabIndex = 0;
    this.frame.setAttribute('role', 'group');
    this.frame.setAttribute('aria-label', t('pin_help'));
    this.picture.addEventListener('click', (event) => this.tap(event));
    this.frame.addEventListener('keydown', (event) => this.key(event));
    this.root.querySelector('[data-pin-clear]')?.addEventListener('click', () => this.set(null));
    addEventListener('resize', () => this.show());
    this.picture.addEventListener('load', () => this.show());
    this.show();
  }

  get place() {
    const [x, y] = this.fields.map((field) => (field.value === '' ? NaN : Number(field.value)));
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  }

  set(place) {
    this.fields.forEach((field, i) => {
      field.value = place ? clamp(place[i]).toFixed(4) : '';
      field.dispatchEvent(new Event('change', { bubbles: true }));
    });
    this.show();
  }

  tap(event) {
    event.preventDefault(); // other pins on the plan are links; here they are only in the way
    const box = this.picture.getBoundingClientRect();
    this.set([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  key(event) {
    const step = STEPS[event.key];
    if (step) {
      const size = event.shiftKey ? 0.002 : 0.01;
      const [x, y] = this.place ?? [0.5, 0.5];
      this.set(this.place ? [x + step[0] * size, y + step[1] * size] : [x, y]);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.set(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  show() {
    const { place } = this;
    if (this.pin) {
      this.pin.hidden = !place;
      if (place) {
        const box = this.picture.getBoundingClientRect();
        const around = (this.pin.offsetParent ?? this.frame).getBoundingClientRect();
        this.pin.style.left = `${box.left - around.left + place[0] * box.width}px`;
        this.pin.style.top = `${box.top - around.top + place[1] * box.height}px`;
      }
    }
    if (!this.text) return;
    const [x, y] = (place ?? [0, 0]).map((value) => Math.round(value * 100));
    this.text.textContent = place ? t('pin_at', { x, y }) : t('pin_none');
  }
}

export function attach(root) {
  new PlanPin(root).attach();
}
