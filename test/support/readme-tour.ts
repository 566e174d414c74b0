import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** The lines that the README's tour has people copy, in their order, as one script. */
export function readmeTour(): string {
  const text = readFileSync(README, 'utf8');
  const [, section = ''] = /^## The API in ten minutes$([\s\S]*?)^## /m.exec(text) ?? [];
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, lines]) => lines);
  if (blocks.length < 5) throw new Error('the README has no tour any more');
  return blocks.join('');
}
