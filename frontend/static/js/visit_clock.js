// How long each item took, on the clock that no one can set. Time while the page is hidden belongs to no item.

export class VisitClock {
  constructor(seconds = []) {
    this.spent = new Map(seconds);
    this.mark = performance.now();
    document.addEventListener('visibilitychange', () => { this.mark = performance.now(); });
  }

  /** The time since the last answer belongs to this item. */
  touch(item) {
    const now = performance.now();
    this.spent.set(item, (this.spent.get(item) ?? 0) + (now - this.mark) / 1000);
    this.mark = now;
  }

  /** item -> seconds, to a tenth. */
  get seconds() {
    return new Map([...this.spent].map(([item, value]) => [item, Math.round(value * 10) / 10]));
  }
}
