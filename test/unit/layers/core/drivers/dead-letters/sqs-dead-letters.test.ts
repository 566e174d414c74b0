import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { errorCodeOf, messageOf } from '@proxywatch/core/domain/errors';
import { createSqsDeadLetters } from '@proxywatch/core/drivers/dead-letters/sqs-dead-letters';
import { failureOf } from '../../../../../support/redis-servers.ts';
import { requestFor } from '../../../../../support/scan-requests.ts';

const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/scan';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A queue that answers with a status, or not at all. */
async function startQueue(status: number | undefined, timeoutMs: number) {
  const messages: { readonly QueueUrl: string; readonly MessageBody: string }[] = [];
  const server = createServer(async (message, response) => {
    let text = '';
    for await (const chunk of message) text += chunk;
    messages.push(JSON.parse(text));
    if (status === undefined) return;
    const answer =
      status === 200
        ? { MessageId: 'm', MD5OfMessageBody: md5Of(messages.at(-1)?.MessageBody ?? '') }
        : { __type: 'QueueDoesNotExist', message: 'no such queue' };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const letters = createSqsDeadLetters({
    queueUrl: QUEUE,
    timeoutMs,
    client: {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example-secret' },
    },
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
    letters.close();
  });
  return { messages, letters };
}

/** The client checks it. */
function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

describe('dead letters in a queue', () => {
  test('are a message each, in the form of the lines of a file', async () => {
    const { messages, letters } = await startQueue(200, 60_000);
    await letters.send(requestFor('shop-1'), 'INVOKE_THROTTLED: rate exceeded');
    expect(messages.map(({ QueueUrl }) => QueueUrl)).toEqual([QUEUE]);
    expect(JSON.parse(messages[0]?.MessageBody ?? '')).toEqual({
      failedAt: expect.any(String),
      reason: 'INVOKE_THROTTLED: rate exceeded',
      request: requestFor('shop-1'),
    });
  });

  test('that are refused, or not answered in time, say so', async () => {
    const refusing = await startQueue(400, 60_000);
    const refused = await failureOf(refusing.letters.send(requestFor('shop-1'), 'reason'));
    expect([errorCodeOf(refused), messageOf(refused)]).toEqual([
      'SINK_UNAVAILABLE',
      `dead letters in ${QUEUE}: no such queue`,
    ]);
    const hanging = await startQueue(undefined, 50);
    const late = await failureOf(hanging.letters.send(requestFor('shop-1'), 'reason'));
    expect(messageOf(late)).toBe(`dead letters in ${QUEUE}: no answer within 50 ms`);
  });
});
