/**
 * What a label or annotation of a rule may fill in: the value and labels of the alert, with functions that make them
 * readable. A template of Prometheus may do far more; `query` among it asks for any series there is, of every tenant.
 */
const FUNCTIONS = [
  'humanize',
  'humanize1024',
  'humanizeDuration',
  'humanizePercentage',
  'humanizeTimestamp',
  'toUpper',
  'toLower',
  'title',
];
const ACTION = new RegExp(
  String.raw`^-?\s*(?:\$labels\.[a-zA-Z_][a-zA-Z0-9_]*|\$value)(?:\s*\|\s*(?:${FUNCTIONS.join('|')}))*\s*-?$`,
);

/** What is wrong with a template; `undefined` when nothing is. */
export function templateProblem(text: string): string | undefined {
  let rest = text;
  for (;;) {
    const [before = '', ...after] = rest.split('{{');
    if (before.includes('}}')) return 'has }} without {{';
    if (after.length === 0) return undefined;
    rest = after.join('{{');
    const end = rest.indexOf('}}');
    if (end === -1) return 'has {{ without }}';
    if (!ACTION.test(rest.slice(0, end))) {
      return `may fill in {{ $labels.<name> }} and {{ $value }}, with | and any of ${FUNCTIONS.join(', ')}`;
    }
    rest = rest.slice(end + 2);
  }
}
