// The camera has looked for a while and read nothing: the code can be typed instead, and why goes with it.
const PATIENCE = 10_000;

export function attach(button) {
  const scanner = button.closest('[data-scanner]');
  const form = document.querySelector('[data-code-form]');
  let waiting = 0;
  const follow = () => {
    const { state } = scanner.dataset;
    if (state === 'scan_foreign') return; // it goes on looking
    clearTimeout(waiting);
    if (state === 'scan_looking') {
      waiting = setTimeout(() => { button.hidden = false; }, Number(scanner.dataset.patience) || PATIENCE);
    }
  };
  new MutationObserver(follow).observe(scanner, { attributes: true, attributeFilter: ['data-state'] });
  follow();
  button.addEventListener('click', () => {
    form.elements.namedItem('why').value = 'unread';
    form.elements.namedItem('code').focus();
  });
}
