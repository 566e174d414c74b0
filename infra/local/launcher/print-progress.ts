import type { Progress } from './steps.ts';

const NAME_WIDTH = 14;
const DETAIL_WIDTH = 48;

/** One line per step with the time it took; on a terminal the step under way is shown too. */
export function printProgress(output: { write(text: string): unknown; readonly isTTY?: boolean }): Progress {
  const rewind = output.isTTY === true ? '\r\x1b[K' : '';
  const line = (mark: string, name: string, tookMs: number, detail: string) =>
    output.write(
      `${rewind}${mark} ${name.padEnd(NAME_WIDTH)} ${detail.padEnd(DETAIL_WIDTH)} ${(tookMs / 1_000).toFixed(1)} s\n`,
    );
  return {
    begin(name) {
      if (rewind !== '') output.write(`${rewind}… ${name}`);
    },
    done: (name, tookMs, detail = '') => line('✓', name, tookMs, detail),
    failed(name, tookMs, message) {
      line('✗', name, tookMs, 'failed');
      output.write(`  ${message.replaceAll('\n', '\n  ')}\n`);
    },
  };
}
