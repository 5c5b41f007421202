// Light, dark, or as the system has it: kept in a cookie, so that the server renders the next page right at once.

function apply(choice) {
  const root = document.documentElement;
  if (choice === 'light' || choice === 'dark') root.dataset.theme = choice;
  else delete root.dataset.theme;
  const age = choice === 'light' || choice === 'dark' ? 31536000 : 0;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `theme=${choice}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

export function attach(element) {
  const now = document.documentElement.dataset.theme ?? 'system';
  if (element.tagName === 'SELECT') element.value = now;
  else element.querySelectorAll('input[type=radio]').forEach((radio) => { radio.checked = radio.value === now; });
  element.addEventListener('change', (event) => apply(event.target.value));
}
