// npm run tail -- <topic>: events from Kafka as they come. Events go to standard output, all else to standard error.
import { once } from 'node:events';
import { kafkaBrokers } from '@proxywatch/core/config/address-fields';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { schemaNameOf } from '@proxywatch/core/domain/scan/schema-name';
import { z } from 'zod';
import { eventLine } from './tail/event-line.ts';
import { followTopic } from './tail/follow-topic.ts';
import { parseCommand } from './tail/parse-command.ts';

const note = (text: string) => void process.stderr.write(`tail: ${text}\n`);

const { collector, fromBeginning, json } = exitOnConfigError(() => parseCommand(process.argv.slice(2)), {
  print: (message) => console.error(message),
});
const { KAFKA_BROKERS: brokers } = exitOnConfigError(() =>
  parseEnvironment(z.object({ KAFKA_BROKERS: kafkaBrokers() }), process.env),
);

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
// Whoever reads our output has seen enough.
process.stdout.on('error', () => ending.abort());

try {
  await followTopic({
    brokers,
    topic: schemaNameOf(collector),
    fromBeginning,
    signal: ending.signal,
    onNote: note,
    onValue: async (value) => {
      if (!process.stdout.write(`${json ? value.replace(/[\r\n]+/g, ' ') : lineOf(value)}\n`)) {
        await once(process.stdout, 'drain', { signal: ending.signal });
      }
    },
  });
  process.exit(0);
} catch (error) {
  note(`kafka at ${brokers.join(', ')}: ${messageOf(error)}`);
  process.exit(1);
}

function lineOf(value: string): string {
  const { isTTY, columns } = process.stdout;
  return isTTY ? eventLine(value, { columns, isColoured: (process.env.NO_COLOR ?? '') === '' }) : eventLine(value);
}
