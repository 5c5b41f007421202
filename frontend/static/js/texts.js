// Every text a script shows comes from the page (`<template data-texts>`), so that it was translated like all others.

const cache = new Map();

function lookUp(key) {
  if (cache.has(key)) return cache.get(key);
  for (const template of document.querySelectorAll('template[data-texts]')) {
    const found = template.content.querySelector(`[data-t="${key}"]`);
    if (found) {
      cache.set(key, found.textContent.trim());
      return cache.get(key);
    }
  }
  return key;
}

/** The text of this key with {name} filled in; the key itself where the page lacks it. */
export function t(key, values = {}) {
  return lookUp(key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function hasText(key) {
  return lookUp(key) !== key;
}

/** A fresh copy of the first element of `<template data-NAME>`, or null. */
export function copyOf(name) {
  const template = document.querySelector(`template[${name}]`);
  return template ? template.content.firstElementChild.cloneNode(true) : null;
}

/** Puts words (never markup) into every `[data-slot=name]` of a part. */
export function fill(part, slots) {
  for (const [name, words] of Object.entries(slots)) {
    for (const slot of part.querySelectorAll(`[data-slot="${name}"]`)) slot.textContent = words ?? '';
  }
}

const language = () => document.documentElement.lang || undefined;

/** "12 min ago" in the language of the page. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const steps = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];
  const [size, unit] = steps.find(([length]) => seconds >= length) ?? [1, 'second'];
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(-Math.floor(seconds / size), unit);
}

/** Hour and minute, with the day when it is not today. */
export function clockTime(when) {
  const date = new Date(when);
  const style = { hour: '2-digit', minute: '2-digit', hour12: false };
  if (date.toDateString() !== new Date().toDateString()) Object.assign(style, { month: 'short', day: 'numeric' });
  return new Intl.DateTimeFormat(language(), style).format(date);
}
