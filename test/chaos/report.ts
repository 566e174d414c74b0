import type { Outcome } from './harness/run-scenario.ts';

const HEADINGS = ['scenario', 'result', 'seconds', 'executions', 'answers', 'probes'];

/** Outcomes as a table of text, with what was violated below. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ scenario, violations, seconds, executions, answers, rounds }) => [
    scenario,
    violations.length === 0 ? 'exact' : 'VIOLATED',
    seconds.toFixed(0),
    String(executions),
    String(answers),
    String(rounds),
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const pad = (cell: string, i: number) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  const table = [HEADINGS, ...lines].map((line) => line.map(pad).join('  ').trimEnd());
  const violations = outcomes.flatMap((outcome) => outcome.violations.map((what) => `${outcome.scenario}: ${what}`));
  return [...table, ...violations].join('\n');
}
