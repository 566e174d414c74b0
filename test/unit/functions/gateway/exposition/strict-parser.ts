import type { Format } from '../../../../../functions/gateway/exposition/catalogue.ts';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As printed: tests compare numbers without going through floating point. */
  readonly value: string;
}

export interface Exposition {
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string; readonly unit?: string }>;
  readonly samples: readonly Sample[];
}

/** Parses an exposition as a strict reader of its format would, and throws on everything that one might refuse. */
export function parseExposition(text: string, format: Format): Exposition {
  const families = new Map<string, { type: string; help: string; unit?: string }>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const metrics = new Set<string>();
  let family = '';
  let lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line is not ended');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF');
  while (lines.length > 0) {
    const help = /^# HELP (\S+) (.*)$/.exec(lines[0]!);
    if (help === null) throw new Error(`no header: ${lines[0]}`);
    family = help[1]!;
    if (families.has(family)) throw new Error(`family ${family} comes twice`);
    const type = new RegExp(`^# TYPE ${family} (counter|gauge|histogram|info)$`).exec(lines[1] ?? '')?.[1];
    if (type === undefined) throw new Error(`no type for ${family}: ${lines[1]}`);
    const unit =
      format === 'openmetrics' ? new RegExp(`^# UNIT ${family} (\\S+)$`).exec(lines[2] ?? '')?.[1] : undefined;
    families.set(family, { type, help: unescaped(help[2]!, format), ...(unit === undefined ? {} : { unit }) });
    const body = lines.slice(unit === undefined ? 2 : 3);
    const end = body.findIndex((line) => line.startsWith('#'));
    let previous = '';
    for (const line of end < 0 ? body : body.slice(0, end)) {
      const sample = parseSample(line);
      if (!suffixesOf(type, format).some((suffix) => sample.name === `${family}${suffix}`)) {
        throw new Error(`${sample.name} does not belong to ${family}`);
      }
      const { le: _, ...metric } = sample.labels;
      const series = JSON.stringify([sample.name, sample.labels]);
      if (seen.has(series)) throw new Error(`series comes twice: ${series}`);
      seen.add(series);
      const group = JSON.stringify([family, metric]);
      // All points of a metric stand together.
      if (group !== previous && metrics.has(group)) throw new Error(`metric comes twice: ${group}`);
      metrics.add(group);
      previous = group;
      samples.push(sample);
    }
    lines = end < 0 ? [] : body.slice(end);
  }
  return { families, samples };
}

function suffixesOf(type: string, format: Format): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  if (format === 'text') return [''];
  return { counter: ['_total', '_created'], info: ['_info'] }[type] ?? [''];
}

function parseSample(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)$/s.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = '', inside = '', value = ''] = match;
  if (!/^([+-]?\d+(\.\d+)?(e[+-]?\d+)?|NaN|[+-]Inf)$/.test(value)) throw new Error(`no value: ${value}`);
  const labels: Record<string, string> = {};
  for (let rest = inside; rest !== ''; ) {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?=.)|$)/s.exec(rest);
    if (label === null) throw new Error(`no label: ${rest}`);
    if (label[1]! in labels) throw new Error(`label comes twice: ${line}`);
    labels[label[1]!] = unescaped(label[2]!, 'openmetrics');
    rest = rest.slice(label[0].length);
  }
  return { name, labels, value };
}

function unescaped(text: string, format: Format): string {
  const escapes = format === 'text' ? /\\([\\n])/g : /\\([\\n"])/g;
  return text.replace(escapes, (_, char: string) => (char === 'n' ? '\n' : char));
}
