// The name of a photo is its SHA-256: by the browser itself, or by our own script on plain http:// in a local network.

const hex = (numbers, width) => Array.from(numbers, (n) => n.toString(16).padStart(width, '0')).join('');

/** The hash of an ArrayBuffer as 64 hex digits. */
export async function sha256(buffer) {
  if (crypto.subtle) return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', buffer)), 2);
  const { sha256Words } = await import('./sha256.js');
  return hex(sha256Words(new Uint8Array(buffer)), 8);
}
