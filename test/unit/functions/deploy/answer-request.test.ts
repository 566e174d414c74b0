import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { type AnswerDeps, answerRequest } from '../../../../functions/deploy/answer-request.ts';

interface Answer {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly body: Record<string, string>;
}

/** Says nothing, or the status of the next answers; the last one stays. */
type Script = readonly (number | 'silence' | 'hang up')[];

let server: Server;
let script: Script;
let answers: Answer[];
let logged: string[];
beforeEach(async () => {
  [script, answers, logged] = [[200], [], []];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const step = script[answers.length] ?? script.at(-1);
      const { method, url: path, headers } = request;
      const text = Buffer.concat(chunks);
      answers.push({ method, path, headers, bytes: text.length, body: JSON.parse(text.toString()) });
      if (step === 'hang up') request.socket.destroy();
      else if (typeof step === 'number') response.writeHead(step).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const SIGNATURE = 'X-Amz-Signature=0123456789abcdef';
const request = (fields: Record<string, unknown> = {}) => ({
  RequestType: 'Create',
  ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?${SIGNATURE}`,
  StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/proxywatch-dev-data/1',
  RequestId: 'request-1',
  LogicalResourceId: 'Deploy',
  ResourceType: 'Custom::ProxywatchDeploy',
  ResourceProperties: { ServiceToken: 'arn', version: '1' },
  ...fields,
});

const note = (event: string, fields = {}) => void logged.push(JSON.stringify({ event, ...fields }));
async function answer(work: AnswerDeps['work'], event: unknown = request(), remainingMs = 120_000): Promise<void> {
  const respond = { attemptTimeoutMs: 300, attempts: 4, firstPauseMs: 1 };
  const context = { getRemainingTimeInMillis: () => remainingMs, logStreamName: '2026/11/23/[1]abc' };
  await answerRequest({ work, respond, log: { info: note, warn: note, error: note } }, event, context);
}
const succeed = async () => {};
const fail = (reason: string) => async () => {
  throw new ProxywatchError('CONFIG_INVALID', reason);
};

describe('a request of CloudFormation', () => {
  test('is answered with SUCCESS when the work is done, as a signed PUT wants it', async () => {
    let worked = 0;
    await answer(async () => void worked++);
    expect(worked).toBe(1);
    expect(answers).toMatchObject([
      {
        method: 'PUT',
        path: `/answer?${SIGNATURE}`,
        body: {
          Status: 'SUCCESS',
          PhysicalResourceId: 'proxywatch-deploy-Deploy',
          StackId: request().StackId,
          RequestId: 'request-1',
          LogicalResourceId: 'Deploy',
        },
      },
    ]);
    const [{ headers, bytes }] = answers as [Answer];
    expect(headers['content-type']).toBeUndefined();
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['content-length']).toBe(`${bytes}`);
  });

  test('is answered with FAILED and the reason on one line, with where to read on', async () => {
    await answer(fail('2 problems\n  data.dcdb: has no user\n  data.kafka: not set'));
    expect(answers[0]?.body).toMatchObject({
      Status: 'FAILED',
      Reason: '2 problems data.dcdb: has no user data.kafka: not set (log stream 2026/11/23/[1]abc)',
      PhysicalResourceId: 'proxywatch-deploy-Deploy',
    });
  });

  test('keeps the id that the resource has, so that an update replaces nothing', async () => {
    for (const RequestType of ['Update', 'Delete'])
      await answer(succeed, request({ RequestType, PhysicalResourceId: 'of an older version' }));
    await answer(fail('no'), request({ RequestType: 'Update', PhysicalResourceId: 'of an older version' }));
    expect(answers.map(({ body }) => [body.Status, body.PhysicalResourceId])).toEqual([
      ['SUCCESS', 'of an older version'],
      ['SUCCESS', 'of an older version'],
      ['FAILED', 'of an older version'],
    ]);
  });

  test('to delete is no work, and succeeds whatever is wrong', async () => {
    await answer(fail('there is no database any more'), request({ RequestType: 'Delete' }));
    expect(answers[0]?.body.Status).toBe('SUCCESS');
  });

  test.each([
    ['letters', 'x'.repeat(100_000)],
    ['characters of several bytes', '🐬é"\\'.repeat(30_000)],
  ])(
    'whose failure is told in very many %s gets the beginning: the whole answer has 4,096 bytes',
    async (_, reason) => {
      await answer(fail(reason));
      const [{ bytes, body }] = answers as [Answer];
      expect(bytes).toBeLessThanOrEqual(4_096);
      expect(bytes).toBeGreaterThan(4_080);
      expect(reason.startsWith(body.Reason?.slice(0, -1) ?? '?')).toBe(true);
      expect(body.Reason?.endsWith('…')).toBe(true);
    },
  );

  test('that leaves no time for the work is told so before Lambda ends the function', async () => {
    const forever = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    await answer(forever, request(), 45_050);
    expect(answers[0]?.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('the time of the function is over'),
    });
  });

  test('that is none is refused', async () => {
    const wrong = [undefined, {}, request({ RequestType: 'Scan' }), request({ ResponseURL: 'file:///etc/passwd' })];
    for (const event of wrong)
      await expect(
        answerRequest({ work: succeed, log: { info: note, warn: note, error: note } }, event, {
          getRemainingTimeInMillis: () => 1_000,
        }),
      ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('the place where the answer goes', () => {
  test('may be busy, hang up, or be silent for a while', async () => {
    script = [503, 'hang up', 'silence', 200];
    await answer(succeed);
    expect(answers.map(({ body }) => body.Status)).toEqual(Array(4).fill('SUCCESS'));
  });

  test('that never takes it makes the invocation fail, so that Lambda tries again', async () => {
    script = [500];
    await expect(answer(succeed)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(answers).toHaveLength(4);
  });

  test('that refuses it is not asked again', async () => {
    script = [403];
    await expect(answer(succeed)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    expect(answers).toHaveLength(1);
  });

  test('is asked no longer than the function may run', async () => {
    script = ['silence'];
    await expect(answer(succeed, request(), 1_050)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(answers.length).toBeLessThan(3);
  });

  test('stands in no log and no error: who has it may answer', async () => {
    server.closeAllConnections();
    const gone = request({ ResponseURL: `http://user:hunter2@127.0.0.1:1/answer?${SIGNATURE}` });
    const error = await answer(fail('no'), gone).catch((problem: unknown) => problem);
    expect(`${error} ${logged.join()}`).not.toMatch(/hunter2|X-Amz-Signature/);
    expect(String(error)).toContain('could not be answered');
  });
});
