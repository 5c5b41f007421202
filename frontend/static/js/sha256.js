// SHA-256 in plain JavaScript: for the puzzle, whose many tiny hashes are far faster without a promise each, and where
// the browser has no crypto.subtle.

const K = new Uint32Array(64);
const START = new Uint32Array(8);

// The constants are the fractions of the cube and square roots of the first primes.
for (let candidate = 2, found = 0; found < 64; candidate += 1) {
  let prime = true;
  for (let d = 2; d * d <= candidate; d += 1) if (candidate % d === 0) prime = false;
  if (!prime) continue;
  if (found < 8) START[found] = (Math.sqrt(candidate) % 1) * 2 ** 32;
  K[found] = (Math.cbrt(candidate) % 1) * 2 ** 32;
  found += 1;
}

const turn = (x, n) => (x >>> n) | (x << (32 - n));

const w = new Int32Array(64);

function block(state, view, offset) {
  for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(offset + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const a = w[i - 15];
    const b = w[i - 2];
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; // one by one: a swap through an array is several times slower
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** The eight words of the hash of a Uint8Array. */
export function sha256Words(bytes) {
  const size = (Math.floor((bytes.length + 8) / 64) + 1) * 64;
  const tail = new Uint8Array(size - Math.floor(bytes.length / 64) * 64);
  const whole = size - tail.length;
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  const end = new DataView(tail.buffer);
  end.setUint32(tail.length - 8, Math.floor((bytes.length * 8) / 2 ** 32));
  end.setUint32(tail.length - 4, (bytes.length * 8) >>> 0);
  const state = START.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < whole; offset += 64) block(state, view, offset);
  for (let offset = 0; offset < tail.length; offset += 64) block(state, end, offset);
  return state;
}
