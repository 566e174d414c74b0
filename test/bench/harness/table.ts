import type { Row } from '../benches.ts';
import type { BenchResult } from './result.ts';

const HEADINGS = ['benchmark', 'value', 'unit', 'baseline', '', 'ratio', 'target', ''];
/** Columns of numbers, which stand flush right. */
const NUMBERS = [1, 4, 5, 6];

/** Results as a table of text. */
export function tableOf(results: readonly BenchResult[], rows: readonly Row[]): string {
  const lines = results.map((result) => {
    const row = rows.find(({ name }) => name === result.name);
    const target = row?.limit === undefined ? String(row?.target ?? '') : `≤ ${row.limit}`;
    const verdict = target === '' ? '' : isMet(result, rows) ? 'met' : 'MISSED';
    const { name, value, unit, baseline } = result;
    const ratio = result.ratio.toFixed(row?.limit === undefined ? 1 : 3);
    return [name, String(value), unit, row?.baseline ?? '', String(baseline), ratio, target, verdict];
  });
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const pad = (cell: string, i: number) =>
    NUMBERS.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return [HEADINGS, ...lines].map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** Whether a result is as good as promised; one of which nothing is promised always is. */
export function isMet(result: BenchResult, rows: readonly Row[]): boolean {
  const { target = 0, limit = Number.POSITIVE_INFINITY } = rows.find(({ name }) => name === result.name) ?? {};
  return result.ratio >= target && result.ratio <= limit;
}
