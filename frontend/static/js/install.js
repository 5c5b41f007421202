// "Put it on the home screen" where the browser offers it; a hint where offline work is impossible (some app browsers).

const installed = () => matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;

export function attach(element) {
  if ('installHint' in element.dataset) {
    element.hidden = !isSecureContext || 'serviceWorker' in navigator || installed();
    return;
  }
  const show = () => { element.hidden = !document.installOffer; };
  document.addEventListener('install:offer', show);
  element.addEventListener('click', async () => {
    await document.installOffer?.prompt();
    document.installOffer = null;
    show();
  });
  show();
}
