// The schools over the tiles the deployer chose; when those do not come, the drawn map comes back with a word.
const TRIES = 4, PATIENCE = 10_000;

function script(src) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = src;
    element.onload = resolve;
    element.onerror = () => reject(new Error(src));
    document.head.append(element);
  });
}

/** As backend/coverage/rules_map.py has it. */
function bandOf(seen, due) {
  if (!due) return 'nothing';
  const percent = Math.round((100 * seen) / due);
  return percent >= 95 ? 'good' : percent >= 80 ? 'fair' : 'poor';
}

/** A row of the list as numbers; the list is the same map for those who cannot see one. */
function school(row) {
  const { at, seen, due, open, major } = row.dataset;
  const [name, ...cells] = row.cells;
  return {
    place: at.split(',').map(Number), seen: Number(seen), due: Number(due), open: Number(open), major: Number(major), row,
    link: name.querySelector('a'), name: name.querySelector('a').textContent,
    said: cells.slice(0, 2).map((cell) => `${cell.dataset.label}: ${cell.textContent.replace(/\s+/g, ' ').trim()}`),
  };
}

function sum(schools) {
  const total = (key) => schools.reduce((all, one) => all + one[key], 0);
  return { seen: total('seen'), due: total('due'), open: total('open'), major: total('major') };
}

/** The marks of the drawn map, from the parts that stand in the page. */
function sign(parts, told, name, many = 0) {
  const box = document.createElement('div');
  const svg = parts.querySelector(`[data-${many ? 'many' : 'one'}="${bandOf(told.seen, told.due)}"]`).cloneNode(true);
  if (many) svg.querySelector('text').textContent = many;
  const badge = told.major ? 'major' : told.open ? 'open' : '';
  if (badge) {
    const mark = parts.querySelector(`[data-badge="${badge}"]`).cloneNode(true);
    if (badge === 'open') mark.querySelector('text').textContent = Math.min(99, told.open);
    svg.append(mark);
  }
  const words = document.createElement('span');
  words.className = 'sr';
  words.textContent = name;
  box.append(svg, words);
  return globalThis.L.divIcon({ html: box, className: 'marker', iconSize: [48, 48], iconAnchor: [24, 24] });
}

/** Text only: nothing of it is read as markup. */
function card(one) {
  const box = document.createElement('div');
  const link = document.createElement('a');
  link.href = one.link.href;
  link.textContent = one.name;
  box.append(link);
  for (const text of one.said) box.append(Object.assign(document.createElement('p'), { textContent: text }));
  return box;
}

function grouped(schools, parts, words) {
  const { L } = globalThis;
  const group = L.markerClusterGroup({
    showCoverageOnHover: false,
    animate: false,
    maxClusterRadius: 48,
    iconCreateFunction(cluster) {
      const inside = cluster.getAllChildMarkers().map((marker) => marker.options.school);
      return sign(parts, sum(inside), words.schools.replace('{n}', inside.length), inside.length);
    },
  });
  for (const one of schools) {
    const icon = sign(parts, one, [one.name, ...one.said].join(' · '));
    group.addLayer(L.marker(one.place, { icon, school: one, title: one.name }).bindPopup(() => card(one), { minWidth: 200 }));
  }
  return group;
}

function open(box, schools, gone) {
  const { L } = globalThis;
  const words = box.dataset;
  const map = L.map(box, { zoomControl: false, attributionControl: false, maxZoom: 18, minZoom: 3, scrollWheelZoom: false });
  map.on('focus', () => map.scrollWheelZoom.enable()).on('blur', () => map.scrollWheelZoom.disable());
  map.on('popupopen', ({ popup }) => {
    popup.getElement().querySelector('.leaflet-popup-close-button')?.setAttribute('aria-label', words.shut);
  });
  L.control.zoom({ zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
  let came = 0, failed = 0;
  map.fitBounds(L.latLngBounds(schools.map((one) => one.place)).pad(0.08), { maxZoom: 15, animate: false });
  for (const { url, hosts } of JSON.parse(words.cityMap)) {
    const layer = L.tileLayer(url, { subdomains: hosts, minZoom: 1, maxZoom: 18, referrerPolicy: 'origin' }); // keys are bound to our name
    layer.on('tileload', () => { came += 1; box.dataset.tilesCame = came; });
    layer.on('tileerror', () => { failed += 1; if (!came && failed >= TRIES) gone(); });
    layer.addTo(map);
  }
  setTimeout(() => { if (!came) gone(); }, PATIENCE);
  L.control.attribution({ prefix: false }).addTo(map).getContainer().textContent = words.credit;
  map.addLayer(grouped(schools, document.querySelector('[data-city-parts]').content, words));
  return map;
}

export async function attach(box) {
  const drawn = document.querySelector('[data-city-drawn]');
  const schools = [...document.querySelectorAll('tr[data-at]')].map(school);
  if (!schools.length) return;
  let map = null, over = false;
  const gone = () => {
    if (over) return;
    over = true;
    box.hidden = true;
    drawn.hidden = false;
    document.querySelector('[data-city-map-failed]').hidden = false;
    setTimeout(() => map?.remove()); // not while it tells of its tiles
  };
  try {
    await script(box.dataset.script);
    await script(box.dataset.cluster);
    box.hidden = false;
    drawn.hidden = true;
    map = open(box, schools, gone);
  } catch (error) {
    console.warn('map', error);
    gone();
  }
}
