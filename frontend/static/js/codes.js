// What counts as one of our codes: 12 Crockford characters on a label, or 7 and a check character typed by hand.

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Upper case, half width, without spaces and hyphens; O is 0, I and L are 1. */
export function tidy(text) {
  return text.normalize('NFKC').toUpperCase().replace(/[\s\-–—·.]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}

const plain = (code) => [...code].every((letter) => LETTERS.includes(letter));

/** Damm-like check over GF(32): every wrong letter and every swap of neighbours is seen. */
export function checkCharacter(code) {
  let state = 0;
  for (const letter of code) {
    state = (state ^ LETTERS.indexOf(letter)) << 1;
    if (state & 32) state ^= 0b100101;
  }
  return LETTERS[state];
}

/** The tidied code, or '' if it is neither a label's code nor a short code with a right check character. */
export function validCode(text) {
  const code = tidy(text);
  if (!plain(code)) return '';
  if (code.length === 12) return code;
  return code.length === 8 && checkCharacter(code.slice(0, 7)) === code[7] ? code : '';
}

/** The 12-character code in what was scanned: our own addresses or a bare code; '' for everything foreign. */
export function codeInScan(text, hosts) {
  const address = text.trim().match(/^https?:\/\/([^/?#@\\]+)\/p\/([^/?#]+)\/?(?:[?#].*)?$/i);
  if (address && !hosts.includes(address[1].toLowerCase())) return '';
  const code = validCode(address ? address[2] : text.trim());
  return code.length === 12 ? code : '';
}
