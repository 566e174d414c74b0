import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createKafkaSink } from '@proxywatch/core/drivers/kafka/kafka-sink';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { until } from '../../support/until.ts';
import { batchOf, slowSql } from './records.ts';

const PROGRAM = new URL('../../../infra/local/tail-cli.ts', import.meta.url).pathname;
const log = { info: () => {}, warn: () => {}, error: () => {} };

let kafka: Service;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Tail {
  readonly child: ChildProcess;
  readonly printed: { out: string; err: string };
  readonly exited: Promise<number | null>;
}

function startTail(args: readonly string[], env: Record<string, string> = { KAFKA_BROKERS: kafka.url }): Tail {
  const { PATH } = process.env;
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];
  const child = spawn(process.execPath, [...flags, PROGRAM, ...args], { env: { PATH, ...env } });
  children.push(child);
  const printed = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    printed.out += text;
  });
  child.stderr.on('data', (text) => {
    printed.err += text;
  });
  return { child, printed, exited: once(child, 'exit').then(([code]) => code) };
}

async function write(...names: string[]): Promise<void> {
  const sink = createKafkaSink({ brokers: kafka.url.split(','), log });
  for (const text of names) await sink.write(batchOf([slowSql(text, { text })]));
  await sink.close();
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
const textsOf = ({ printed }: Tail) => linesOf(printed.out).map((line) => line.split('  ').at(-1));

describe('npm run tail', () => {
  test('prints events as they come, new ones only, and ends with Ctrl-C', async () => {
    await write('older');
    const tail = startTail(['slow-sql']);
    await until('it waits', () => tail.printed.err.includes('waiting for events in proxywatch.slow-sql.v1'), 30_000);
    await write('first');
    await until('the first event is printed', () => textsOf(tail).length > 0);
    await write('second');
    await until('the second event is printed', () => textsOf(tail).length > 1);
    expect(textsOf(tail)).toEqual(['first', 'second']);
    expect(linesOf(tail.printed.out)[0]).toMatch(/^\d\d:\d\d:\d\d\.750 {2}shop-1 +app@orders +1\.5 s {2}first$/);
    tail.child.kill('SIGINT');
    expect(await tail.exited).toBe(0);
  });

  test('tells of what Kafka has already, if asked to, and each event in one line of JSON', async () => {
    await write('before');
    const tail = startTail(['slow-sql', '--from-beginning', '--json']);
    await until('the event is printed', () => tail.printed.out.includes('"before"'), 30_000);
    const event = JSON.parse(linesOf(tail.printed.out).at(-1) ?? '');
    expect(event).toMatchObject({ schema: 'proxywatch.slow-sql.v1', proxy: 'shop-1', schemaName: 'orders' });
    tail.child.kill('SIGTERM');
    expect(await tail.exited).toBe(0);
  });

  test('waits for a topic that is not there yet, and can be ended before it has begun', async () => {
    const tail = startTail(['key-logs']);
    await until('it waits', () => tail.printed.err.includes('waiting'), 30_000);
    tail.child.kill('SIGINT');
    expect(await tail.exited).toBe(0);
    const early = startTail(['key-logs']);
    await once(early.child, 'spawn');
    early.child.kill('SIGINT');
    await early.exited;
    expect(early.printed.out).toBe('');
  });

  test('goes on where it was after Kafka did not answer for a while', async () => {
    const tail = startTail(['slow-sql']);
    await until('it waits', () => tail.printed.err.includes('waiting'), 30_000);
    await write('before the break');
    await until('the event is printed', () => textsOf(tail).length > 0);
    process.kill(kafka.pid, 'SIGSTOP');
    try {
      await until('it says so', () => tail.printed.err.includes('kafka is away'), 60_000);
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    await write('after the break');
    await until('the next event is printed', () => textsOf(tail).length > 1, 60_000);
    expect(textsOf(tail)).toEqual(['before the break', 'after the break']);
    expect(tail.printed.err).toContain('kafka is back');
  });

  test('ends when its reader has seen enough', async () => {
    await write('a', 'b');
    const tail = startTail(['slow-sql', '--from-beginning']);
    tail.child.stdout?.destroy();
    expect(await tail.exited).toBe(0);
  });

  test('says which Kafka is not there', async () => {
    const tail = startTail(['slow-sql'], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(await tail.exited).toBe(1);
    expect(tail.printed.err).toBe('tail: kafka at 127.0.0.1:1: Connection error: connect ECONNREFUSED 127.0.0.1:1\n');
  });

  test('shows its usage for a topic that it does not know', async () => {
    const tail = startTail(['slow-queries']);
    expect(await tail.exited).toBe(2);
    expect(tail.printed.err).toContain('unknown topic "slow-queries"\nusage: npm run tail -- <topic>');
  });
});
