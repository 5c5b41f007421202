// A floor plan that can be enlarged: pinch, wheel, buttons, + and -. Moving it is the browser's own scrolling (touch,
// arrow keys, focus), so it stays smooth with a thousand pins; pins are placed by per cent and keep their size.
// For any [data-plan] that holds a [data-plan-sheet], or an svg with a viewBox.
const MOST = 8;
const STEP = 1.5;
const WORDS = { zh: ['放大', '缩小', '整张图'], en: ['Enlarge', 'Make smaller', 'Whole plan'] };

class PlanView {
  constructor(figure) {
    this.figure = figure;
    this.view = figure.querySelector('[data-plan-view]') ?? figure;
    this.sheet = this.view.querySelector('[data-plan-sheet]') ?? this.view.querySelector('svg');
    this.zoom = 1;
    this.pending = 1; // what a gesture asks for; drawn once per frame
    this.fingers = new Map();
  }

  start() {
    this.view.classList.add('live');
    this.buttons();
    const listen = (name, act, options) => this.view.addEventListener(name, act, options);
    listen('wheel', (event) => this.wheel(event), { passive: false });
    listen('keydown', (event) => this.key(event));
    listen('pointerdown', (event) => this.down(event));
    listen('pointermove', (event) => this.move(event));
    for (const name of ['pointerup', 'pointercancel']) listen(name, (event) => this.up(event));
    listen('click', (event) => { if (this.dragged) event.preventDefault(); }, true);
    listen('dragstart', (event) => event.preventDefault());
    listen('touchmove', (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });
  }

  buttons() {
    const words = WORDS[document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'];
    const bar = Object.assign(document.createElement('div'), { className: 'plan-buttons' });
    [['+', () => this.to(this.zoom * STEP)], ['−', () => this.to(this.zoom / STEP)], ['⤢', () => this.to(1)]].forEach(([text, act], n) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', textContent: text, ariaLabel: words[n], title: words[n] });
      button.addEventListener('click', act);
      bar.append(button);
    });
    this.view.before(this.bar = bar);
    this.tell();
  }

  middle() {
    const box = this.view.getBoundingClientRect();
    return { x: box.left + this.view.clientWidth / 2, y: box.top + Math.min(this.view.clientHeight, innerHeight) / 2 };
  }

  /** Enlarges so that what lies under `at` (in the window) stays there. */
  to(zoom, at = this.middle()) {
    const next = Math.min(MOST, Math.max(1, zoom));
    if (next === this.zoom) return;
    const box = this.sheet.getBoundingClientRect();
    const share = { x: (at.x - box.left) / box.width, y: (at.y - box.top) / box.height };
    this.zoom = next;
    this.sheet.style.width = `${next * 100}%`;
    this.figure.style.setProperty('--zoom', next);
    const now = this.sheet.getBoundingClientRect();
    this.view.scrollLeft += now.left + share.x * now.width - at.x;
    this.view.scrollTop += now.top + share.y * now.height - at.y;
    this.tell();
  }

  tell() {
    const [more, less, whole] = this.bar.children;
    more.disabled = this.zoom >= MOST;
    less.disabled = whole.disabled = this.zoom <= 1;
    this.view.dataset.zoom = this.zoom.toFixed(2);
  }

  soon(factor, at) {
    this.pending *= factor;
    this.at = at;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.to(this.zoom * this.pending, this.at);
      this.pending = 1;
    });
  }

  /** A wheel alone scrolls; with Ctrl (and so the pinch of a touchpad) it changes the size. */
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.soon(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 150), { x: event.clientX, y: event.clientY });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { '+': STEP, '=': STEP, '-': 1 / STEP, _: 1 / STEP, 0: 0 }[event.key];
    if (act === undefined) return this.arrow(event);
    event.preventDefault();
    this.to(this.zoom * act); // 0: the whole plan
  }

  /** The browser scrolls by itself where the plan has the focus; a link in it passes its arrows on. */
  arrow(event) {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!x && !y) return;
    const { scrollLeft, scrollTop } = this.view;
    this.view.scrollBy(x * 60, y * 60);
    if (scrollLeft !== this.view.scrollLeft || scrollTop !== this.view.scrollTop) event.preventDefault();
  }

  down(event) {
    this.fingers.set(event.pointerId, event);
    this.dragged = false;
    this.held = event.pointerType === 'mouse' && event.button === 0;
    if (this.fingers.size === 2) this.apart = this.spread();
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) this.pinch();
    else if (this.held) this.drag(before, event);
  }

  pinch() {
    const [a, b] = [...this.fingers.values()];
    const apart = this.spread();
    if (this.apart) this.soon(apart / this.apart, { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 });
    this.apart = apart;
  }

  drag(before, event) {
    const [x, y] = [before.clientX - event.clientX, before.clientY - event.clientY];
    if (!this.dragged && Math.hypot(x, y) < 3) return this.fingers.set(event.pointerId, before);
    this.dragged = true; // a drag that ends on a pin is no click
    this.view.scrollBy({ left: x, top: y, behavior: 'instant' });
  }

  up(event) {
    this.fingers.delete(event.pointerId);
    this.apart = this.fingers.size === 2 ? this.spread() : 0;
    if (!this.fingers.size) this.held = false;
  }
}

export function attach(figure) {
  if (figure.querySelector('[data-plan-sheet],svg')) new PlanView(figure).start();
}
