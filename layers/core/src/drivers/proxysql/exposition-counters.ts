import { malformed } from './cells.ts';

/** One series of a text in Prometheus' exposition format. */
export interface CounterSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABELS = /^\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!\})|(?=\})))*)\} (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const WHOLE = /^\d+(?:\.\d+)?(?:e\+?\d+)?$/i;

/**
 * The series of one family of counters, in the text's order. Other families are passed over unread, since a proxy prints
 * much that is not ours to judge (its quantiles are `Nan`); in this one, whatever is not understood is PROXY_PROTOCOL.
 */
export function countersOf(text: string, family: string): readonly CounterSample[] {
  const samples: CounterSample[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(family) || !/^[{ ]/.test(line.slice(family.length))) continue;
    samples.push(parseSample(line, line.slice(family.length)));
  }
  return samples;
}

function parseSample(line: string, rest: string): CounterSample {
  const [, labels = '', printed = ''] = LABELS.exec(rest.trimEnd()) ?? [];
  const value = WHOLE.test(printed) ? Number(printed) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw malformed(`a series ${JSON.stringify(line.slice(0, 200))}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, name = '', escaped = '']) => [name, unescapeLabel(escaped)]);
  return { labels: Object.fromEntries(pairs), value };
}

function unescapeLabel(escaped: string): string {
  return escaped.replace(/\\(.)/g, (_match, character: string) => (character === 'n' ? '\n' : character));
}
