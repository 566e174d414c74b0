import { expect, test } from '@jest/globals';
import { printProgress } from '../../../../../infra/local/launcher/print-progress.ts';

function printed(isTTY: boolean): string {
  let text = '';
  const progress = printProgress({ isTTY, write: (more) => (text += more) });
  progress.begin('redis');
  progress.done('redis', 140, 'redis://127.0.0.1:16379');
  progress.begin('mariadb');
  progress.failed('mariadb', 1_234, 'no room\non the disk');
  return text;
}

test('a log gets one line per step with the time it took, and the reason of a failure', () => {
  expect(printed(false)).toBe(
    `✓ redis          redis://127.0.0.1:16379${' '.repeat(25)} 0.1 s\n` +
      `✗ mariadb        failed${' '.repeat(42)} 1.2 s\n  no room\n  on the disk\n`,
  );
});

test('a terminal shows the step under way until it is done', () => {
  expect(printed(true)).toContain('… redis\r\u001b[K✓ redis');
});
