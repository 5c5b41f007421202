// The ticked points of a route as a list that can be dragged or moved by arrows; the numbers beside the points follow,
// and they alone are sent.
export function attach(section) {
  const form = section.closest('form');
  const list = section.querySelector('ol');
  const model = section.querySelector('template').content.firstElementChild;
  const number = (id) => form.elements[`n_${id}`];
  let dragged = null;
  section.hidden = false;

  /** Numbers as they stand in the list. */
  function write() {
    [...list.children].forEach((line, at) => {
      number(line.dataset.id).value = at + 1;
      line.querySelector('[data-n]').textContent = at + 1;
    });
  }

  function line(box) {
    const made = model.cloneNode(true);
    made.dataset.id = box.value;
    made.querySelector('[data-name]').textContent = box.closest('label').textContent.trim().replace(/\s+/g, ' ');
    return made;
  }

  /** The list from what is ticked: by number, those without one last. */
  function read() {
    const ticked = [...form.querySelectorAll('input[name=point]:checked')];
    const turn = (box) => Number.parseInt(number(box.value).value, 10) || Infinity;
    const order = new Map(ticked.map((box, at) => [box, [turn(box), at]]));
    ticked.sort((a, b) => (order.get(a)[0] === order.get(b)[0] ? order.get(a)[1] - order.get(b)[1] : order.get(a)[0] - order.get(b)[0]));
    list.replaceChildren(...ticked.map(line));
    write();
  }

  function move(target, way) {
    const other = way < 0 ? target.previousElementSibling : target.nextElementSibling;
    if (!other) return;
    if (way < 0) other.before(target);
    else other.after(target);
    write();
  }

  list.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    move(button.closest('li'), 'up' in button.dataset ? -1 : 1);
    button.focus();
  });
  list.addEventListener('dragstart', (event) => {
    dragged = event.target.closest('li');
    dragged?.classList.add('dragged');
    event.dataTransfer.effectAllowed = 'move';
  });
  list.addEventListener('dragover', (event) => {
    const over = event.target.closest('li');
    if (!dragged || !over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY < top + height / 2 ? 'before' : 'after'](dragged);
  });
  list.addEventListener('dragend', () => {
    dragged?.classList.remove('dragged');
    dragged = null;
    write();
  });
  form.addEventListener('change', (event) => {
    if (event.target.name === 'point') {
      if (!event.target.checked) number(event.target.value).value = '';
      read();
    } else if (event.target.name.startsWith('n_')) read();
  });
  read();
}
