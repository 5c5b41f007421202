// Solves the puzzle away from the page.
import { search } from './puzzle.js';

self.onmessage = ({ data: { challenge, difficulty } }) => {
  let found = '';
  for (let from = 0; !found; from += 50000) found = search(challenge, difficulty, from, 50000);
  self.postMessage(found);
};
