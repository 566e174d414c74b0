import { type Catalogue, createCatalogue } from '../../../../../functions/gateway/exposition/catalogue.ts';
import { ProxyDocument } from '../../../../../functions/gateway/exposition/document.ts';
import type { Family } from '../../../../../functions/gateway/exposition/family.ts';
import { encodeLabels } from '../../../../../functions/gateway/exposition/labels.ts';

const UP: Family = {
  name: 'dbproxy_up',
  type: 'gauge',
  help: 'Whether the proxy answered.',
  value: 'integer',
  width: 1,
};
const EXECUTIONS: Family = {
  name: 'dbproxy_sql_executions_total',
  type: 'counter',
  help: 'Executions of a digest; "failed" ones count too.\nSee C:\\docs.',
  value: 'integer',
};
const DURATION: Family = {
  name: 'dbproxy_sql_duration_seconds_total',
  type: 'counter',
  help: 'Time spent in a digest.',
  unit: 'seconds',
  value: 'micros',
};
const INFO: Family = { name: 'dbproxy_sql_digest_info', type: 'info', help: 'Text of a digest.', value: 'integer' };
const COMMANDS: Family = {
  name: 'dbproxy_command_duration_seconds',
  type: 'histogram',
  help: 'Latency by command.',
  unit: 'seconds',
  value: 'micros',
  bounds: [0.0001, 0.5, 1, 10],
};
const LATENCY: Family = {
  name: 'dbproxy_backend_latency_seconds',
  type: 'gauge',
  help: 'Last ping.',
  unit: 'seconds',
  value: 'float',
};
const UNUSED: Family = { name: 'dbproxy_unused', type: 'gauge', help: 'Has no series.', value: 'float' };

export const EXAMPLE_CATALOGUE: Catalogue = createCatalogue([
  UP,
  EXECUTIONS,
  DURATION,
  INFO,
  COMMANDS,
  LATENCY,
  UNUSED,
]);

/** Digest texts that a naive exporter breaks on. */
export const HARD_TEXTS: readonly string[] = [
  'SELECT "a\\b" FROM t\nWHERE x = \'?\'',
  'emoji 😀, separator \u2028',
  'a",digest_text="b',
  '# EOF',
];

/** Characters that make a file binary: not for golden files. */
export const CONTROL_TEXT = `NUL \0, ${String.fromCharCode(...Array(32).keys())}, delete \x7f, next line \x85`;

/** A small proxy with every kind of family. */
export function exampleDocument(proxy: string, texts = HARD_TEXTS): ProxyDocument {
  const document = new ProxyDocument(EXAMPLE_CATALOGUE);
  const base = { proxy, namespace: 'shop' };
  const up = document.table(UP);
  up.set(up.add(encodeLabels(base)), 1);

  const digests = document.table(EXECUTIONS, DURATION);
  const infos = document.table(INFO);
  texts.forEach((text, i) => {
    const digest = `0x${String(i).padStart(16, '0')}`;
    const labels = encodeLabels({ ...base, hostgroup: '10', schema: 'shop,eu', user: 'app', digest });
    const ref = digests.add(labels, i === 1 ? { createdS: 1_790_000_000.125 } : {});
    digests.set(ref, 1_000 * i + 7, 0);
    digests.set(ref, 1_234_567 * i, 1);
    infos.add(encodeLabels({ ...base, digest, digest_text: text }));
  });

  const commands = document.table(COMMANDS);
  commands.setHistogram(commands.add(encodeLabels({ ...base, command: 'SELECT' })), [5, 4, 3, 2, 1], 61_500_000);

  const latency = document.table(LATENCY);
  [0.00025, Number.NaN, Number.POSITIVE_INFINITY].forEach((seconds, i) => {
    latency.set(latency.add(encodeLabels({ ...base, backend: `10.0.0.${i}:3306` })), seconds);
  });
  return document;
}
