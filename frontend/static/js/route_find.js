// Finds points in the form of a route while one types, and counts those that are ticked. The browser's own search does
// the same where scripts are off.
export function attach(box) {
  const form = box.closest('form');
  const groups = [...form.querySelectorAll('[data-route-group]')];
  const count = box.querySelector('[data-route-count]');
  const search = box.querySelector('input');
  box.hidden = false;

  function find() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const group of groups) {
      let shown = 0;
      const place = group.querySelector('summary').textContent.toLowerCase();
      for (const line of group.querySelectorAll('[data-words]')) {
        const said = `${place} ${line.dataset.words.toLowerCase()}`;
        line.hidden = !words.every((word) => said.includes(word));
        shown += line.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      if (words.length && shown) group.open = true;
    }
  }

  function recount() {
    count.textContent = form.querySelectorAll('input[name=point]:checked').length;
    for (const group of groups) {
      const all = group.querySelectorAll('input[name=point]');
      group.querySelector('.pill').textContent = `${[...all].filter((one) => one.checked).length}/${all.length}`;
    }
  }

  search.addEventListener('input', find);
  search.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
  form.addEventListener('change', (event) => { if (event.target.name === 'point') recount(); });
  recount();
}
