import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createKafkaSink, type KafkaSinkOptions } from '@proxywatch/core/drivers/kafka/kafka-sink';
import type { LogFields } from '@proxywatch/core/ports/log';
import type { Sink } from '@proxywatch/core/ports/sink';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { readTopic } from '../../support/kafka-topic.ts';
import { batchOf, slowSql, textOf } from './records.ts';

const TOPIC = 'proxywatch.slow-sql.v1';

let kafka: Service;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

const sinks: Sink[] = [];
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

const logged: [string, LogFields | undefined][] = [];
const log = {
  info: () => {},
  warn: (event: string, fields?: LogFields) => void logged.push([event, fields]),
  error: () => {},
};

function sinkTo(brokers: string, options: Partial<KafkaSinkOptions> = {}): Sink {
  const sink = createKafkaSink({ brokers: brokers.split(','), log, ...options });
  sinks.push(sink);
  return sink;
}

/** A cluster of the test's own. */
async function withKafka(use: (own: Service) => Promise<void>): Promise<void> {
  const own = await startKafka();
  try {
    await use(own);
  } finally {
    await own.stop();
  }
}

describe('events in Kafka', () => {
  test('are JSON with the proxy as key, and headers that tell what they are without reading it', async () => {
    await withKafka(async ({ url }) => {
      const record = slowSql('a');
      await sinkTo(url).write(batchOf([record]));
      const [message] = await readTopic(url, TOPIC, 1);
      expect(JSON.parse(message?.value ?? '')).toEqual({
        eventId: record.eventId,
        schema: TOPIC,
        proxy: 'shop-1',
        namespace: 'shop',
        observedAt: '2026-11-23T12:00:00.250Z',
        source: 'event',
        startedAt: '2026-11-23T11:59:58.750Z',
        durationUs: 1_500_123,
        isExact: true,
        digest: '0x1F',
        text: 'SELECT SLEEP(?)',
        schemaName: 'orders',
        user: 'app',
      });
      expect(message).toMatchObject({ key: 'shop-1', headers: { schema: TOPIC, 'event-id': record.eventId } });
    });
  });

  test('of one proxy are in one partition and in order, over several batches and sinks', async () => {
    await withKafka(async ({ url }) => {
      const proxies = Array.from({ length: 20 }, (_, i) => `proxy-${i}`);
      const names = Array.from({ length: 5 }, (_, i) => `${i}`);
      for (const half of [names.slice(0, 2), names.slice(2)]) {
        const sink = sinkTo(url);
        const batches = proxies.map((proxy) => batchOf(half.map((text) => slowSql(text, { proxy, text }))));
        await Promise.all(batches.map((batch) => sink.write(batch)));
      }
      const messages = await readTopic(url, TOPIC, 100);
      for (const proxy of proxies) {
        const own = messages.filter(({ key }) => key === proxy);
        expect(own.map(({ value }) => JSON.parse(value).text)).toEqual(names);
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      }
      expect(new Set(messages.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    });
  });

  test('are compressed on their way, and may be more than one request can hold', async () => {
    const sockets = new Set<Socket>();
    const see = (message: unknown) => void sockets.add((message as { socket: Socket }).socket);
    subscribe('net.client.socket', see);
    // 100 events of 200 kB: 20 MB, in requests of less than 1 MB, since brokers take no more.
    const records = Array.from({ length: 100 }, (_, i) => slowSql(`many-${i}`, { text: textOf(100_000) }));
    await sinkTo(kafka.url).write(batchOf(records));
    unsubscribe('net.client.socket', see);
    const sentBytes = [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
    expect(sentBytes).toBeGreaterThan(10_000);
    expect(sentBytes).toBeLessThan(500_000);
    expect(await readTopic(kafka.url, TOPIC, records.length)).toHaveLength(records.length);
  });

  test('that are larger than a record may be have their longest text cut, and say so', async () => {
    await withKafka(async ({ url }) => {
      const records = [slowSql('large', { text: textOf(2_000_000) }), slowSql('small')];
      await sinkTo(url).write(batchOf(records));
      const values = (await readTopic(url, TOPIC, 2)).map(({ value }) => value);
      const [large, small] = values.map((value) => JSON.parse(value));
      expect(Buffer.byteLength(values[0] ?? '')).toBeLessThanOrEqual(900_000);
      expect(Buffer.byteLength(values[0] ?? '')).toBeGreaterThan(890_000);
      expect(large).toMatchObject({ eventId: records[0]?.eventId, user: 'app', isCut: true });
      expect(small.isCut).toBeUndefined();
    });
  });

  test('of collectors that usually go elsewhere have topics too', async () => {
    await withKafka(async ({ url }) => {
      const { kind, source, durationUs, isExact, startedAtMs, digest, text, ...base } = slowSql('e');
      const own = { kind: 'sqlErrors', source: 'backend', errno: 1146, count: 3, fromMs: 0, toMs: 1 } as const;
      await sinkTo(url).write(batchOf([{ ...base, ...own }], 'sqlErrors'));
      const [message] = await readTopic(url, 'proxywatch.sql-errors.v1', 1);
      expect(JSON.parse(message?.value ?? '')).toMatchObject({ schema: 'proxywatch.sql-errors.v1', errno: 1146 });
    });
  });

  test('that are none need no broker', async () => {
    await sinkTo('127.0.0.1:1').write(batchOf([]));
  });
});

describe('a Kafka', () => {
  test('that is not there is unavailable within the time limit, and gets the batch when it is', async () => {
    await withKafka(async (own) => {
      const port = await pickFreePort();
      const sink = sinkTo(`127.0.0.1:${port}`, { retries: 1 });
      const failed = sink.write(batchOf([slowSql('a')]));
      await expect(failed).rejects.toMatchObject({
        code: 'SINK_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      });
      await withRelay(own, port, async () => {
        await sink.write(batchOf([slowSql('a')]));
      });
      expect(await readTopic(own.url, TOPIC, 1)).toHaveLength(1);
    });
  });

  test('that stops answering is given up in time, and written to again when it goes on', async () => {
    await withKafka(async (own) => {
      const sink = sinkTo(own.url, { writeTimeoutMs: 1_500 });
      await sink.write(batchOf([slowSql('before')]));
      process.kill(own.pid, 'SIGSTOP');
      try {
        const writes = ['x', 'y'].map((name) => sink.write(batchOf([slowSql(name)])));
        const outcomes = await Promise.allSettled(writes);
        const given = { code: 'SINK_UNAVAILABLE', message: 'kafka: no answer within 1500 ms' };
        for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: given });
      } finally {
        process.kill(own.pid, 'SIGCONT');
      }
      await sink.write(batchOf([slowSql('after')]));
      // Those that were given up may have arrived too.
      const wanted = [slowSql('before').eventId, slowSql('after').eventId];
      const ids = (await readTopic(own.url, TOPIC, wanted)).map(({ headers }) => headers['event-id']);
      expect(ids).toEqual(expect.arrayContaining(wanted));
    });
  });

  test('that died is unavailable, for each write', async () => {
    await withKafka(async (own) => {
      const sink = sinkTo(own.url, { retries: 0 });
      await sink.write(batchOf([slowSql('a')]));
      await own.stop();
      for (let i = 0; i < 2; i++) {
        await expect(sink.write(batchOf([slowSql('b')]))).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
      }
    });
  });

  test('that accepts and never says anything does not hold a write, a cancelled one, or the end', async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const sink = sinkTo(`127.0.0.1:${portOf(mute)}`, { writeTimeoutMs: 300, requestTimeoutMs: 3_600_000 });
    const limited = sink.write(batchOf([slowSql('a')]));
    await expect(limited).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: 'kafka: no answer within 300 ms',
    });
    const cancelled = sink.write(batchOf([slowSql('a')]), AbortSignal.abort(new Error('the run is over')));
    await expect(cancelled).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', message: 'kafka: the run is over' });
    const closed = { code: 'SINK_UNAVAILABLE', message: 'kafka: the producer is closed' };
    const patient = sinkTo(`127.0.0.1:${portOf(mute)}`);
    const ended = expect(patient.write(batchOf([slowSql('a')]))).rejects.toMatchObject(closed);
    for (const each of [sink, patient]) {
      await each.close();
      await expect(each.write(batchOf([slowSql('a')]))).rejects.toMatchObject(closed);
    }
    await ended;
    // All connections are gone: else the server would not end.
    mute.close();
    await once(mute, 'close');
  });

  test('is connected to once for all writes', async () => {
    let connections = 0;
    await withKafka(async (own) => {
      const port = await pickFreePort();
      const count = () => connections++;
      await withRelay(
        own,
        port,
        async () => {
          const sink = sinkTo(`127.0.0.1:${port}`);
          await Promise.all(Array.from({ length: 20 }, (_, i) => sink.write(batchOf([slowSql(`${i}`)]))));
          await sink.write(batchOf([slowSql('later')]));
        },
        count,
      );
    });
    expect(connections).toBe(1);
  });

  test('never sees a payload in the log', async () => {
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain('SLEEP');
  });
});

/** Stands at a port as the first broker of a cluster does. */
async function withRelay(
  { port }: Service,
  at: number,
  use: () => Promise<void>,
  onConnection: () => void = () => {},
): Promise<void> {
  const relay = createServer((client) => {
    onConnection();
    const broker = connect(port, '127.0.0.1');
    client.pipe(broker).pipe(client);
    client.on('error', () => broker.destroy());
    broker.on('error', () => client.destroy());
  }).listen(at, '127.0.0.1');
  await once(relay, 'listening');
  try {
    await use();
  } finally {
    relay.close();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
