import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKafkaSink } from '@proxywatch/core/drivers/kafka/kafka-sink';
import type { Sink } from '@proxywatch/core/ports/sink';
import { type FakeKafka, startFakeKafka } from '../../support/fake-kafka.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/tls-fixture.ts';
import { batchOf, slowSql } from './records.ts';

const logged: string[] = [];
const note = (...line: unknown[]) => void logged.push(JSON.stringify(line));
const log = { info: note, warn: note, error: note };
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' };
const tls = { key: TEST_KEY, cert: TEST_CERTIFICATE };

const running: (FakeKafka | Sink)[] = [];
const before = { ...process.env };
beforeEach(() => {
  // Nobody else is to be asked for credentials.
  const none = `${temporaryFolder()}/none`;
  const files = { AWS_CONFIG_FILE: none, AWS_SHARED_CREDENTIALS_FILE: none };
  Object.assign(process.env, CREDENTIALS, files, { AWS_EC2_METADATA_DISABLED: 'true' });
});
afterEach(async () => {
  process.env = { ...before };
  await Promise.all(running.splice(0).map((each) => each.close()));
});

function sinkTo(kafka: FakeKafka, ssl?: object): Sink {
  const iam = { region: 'eu-central-1' };
  const sink = createKafkaSink({ brokers: [kafka.address], iam, ...(ssl && { ssl }), retries: 0, log });
  running.push(sink, kafka);
  return sink;
}

describe('a login to MSK', () => {
  const trusted = { ca: TEST_CERTIFICATE, servername: 'localhost' };

  test('is a signed URL for the region, over TLS', async () => {
    const kafka = await startFakeKafka({ tls });
    await sinkTo(kafka, trusted).write(batchOf([slowSql('a')]));
    expect(kafka.batches).toHaveLength(1);
    const [, token = ''] = /auth=Bearer ([\w-]+)/.exec(kafka.logins[0] ?? '') ?? [];
    const url = new URL(Buffer.from(token, 'base64url').toString());
    expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
    expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(url.searchParams.get('X-Amz-Credential')).toContain(CREDENTIALS.AWS_ACCESS_KEY_ID);
  });

  test('that is refused leaves the sink unavailable, and neither token nor secret in errors and logs', async () => {
    const kafka = await startFakeKafka({ tls, refusesLogins: true });
    const failure = await sinkTo(kafka, trusted)
      .write(batchOf([slowSql('a')]))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SINK_UNAVAILABLE', message: expect.stringContaining('go away') });
    const [, token = ''] = /auth=Bearer ([\w-]+)/.exec(kafka.logins[0] ?? '') ?? [];
    expect(token).not.toBe('');
    const told = `${String(failure)}${logged.join()}`;
    for (const secret of [token, CREDENTIALS.AWS_SECRET_ACCESS_KEY]) expect(told).not.toContain(secret);
  });

  test('is not sent to a broker that nobody vouches for', async () => {
    const kafka = await startFakeKafka({ tls });
    const failed = sinkTo(kafka).write(batchOf([slowSql('a')]));
    await expect(failed).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringMatching(/self-signed/),
    });
    expect(kafka.logins).toEqual([]);
  });

  test('without credentials leaves the sink unavailable', async () => {
    for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
    const kafka = await startFakeKafka({ tls });
    const failed = sinkTo(kafka, trusted).write(batchOf([slowSql('a')]));
    await expect(failed).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
    expect(kafka.logins).toEqual([]);
  });
});
