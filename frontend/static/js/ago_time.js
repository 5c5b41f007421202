// "12 minutes ago", kept fresh; the exact time stays as the title.
import { ago } from './texts.js';

export function attach(element) {
  element.title ||= element.textContent.trim();
  const show = () => { element.textContent = ago(Date.now() - Date.parse(element.dateTime)); };
  show();
  setInterval(show, 30000);
}
