// The puzzle a flood of reports must pay for: find a number whose hash with the challenge begins with zero bits.
import { sha256Words } from './sha256.js';

const letters = new TextEncoder();

/** Does this nonce solve it? */
export function solves(challenge, difficulty, nonce) {
  const words = sha256Words(letters.encode(`${challenge}:${nonce}`));
  const whole = Math.floor(difficulty / 32);
  for (let i = 0; i < whole; i += 1) if (words[i] !== 0) return false;
  const rest = difficulty % 32;
  return rest === 0 || words[whole] >>> (32 - rest) === 0;
}

/** Tries `count` numbers from `from` on; the nonce as text, or ''. */
export function search(challenge, difficulty, from, count) {
  for (let nonce = from; nonce < from + count; nonce += 1) if (solves(challenge, difficulty, nonce)) return String(nonce);
  return '';
}

async function inChunks(challenge, difficulty) {
  for (let from = 0; ; from += 500) {
    const found = search(challenge, difficulty, from, 500);
    if (found) return found;
    await new Promise((resolve) => { setTimeout(resolve, 0); }); // the page stays usable
  }
}

/** The answer, from a worker where there is one, else in small chunks between the taps. */
export function solve(challenge, difficulty) {
  return new Promise((resolve) => {
    const fallBack = () => resolve(inChunks(challenge, difficulty));
    try {
      const worker = new Worker(new URL('./puzzle_worker.js', import.meta.url), { type: 'module' });
      worker.onmessage = (event) => {
        resolve(event.data);
        worker.terminate();
      };
      worker.onerror = fallBack;
      worker.postMessage({ challenge, difficulty });
    } catch {
      fallBack();
    }
  });
}
